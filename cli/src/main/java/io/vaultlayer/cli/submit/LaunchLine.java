package io.vaultlayer.cli.submit;

import com.fasterxml.jackson.databind.JsonNode;
import io.vaultlayer.cli.render.Text;
import java.util.ArrayList;

/** The line before launch: place, class, price, expected cost, runners-up. */
public final class LaunchLine {
  private static final int MOST_RUNNERS_UP = 3;

  private LaunchLine() {}

  /**
   * @param estimate as {@code POST /v1/estimate} answers: {@code {"offer": row or null,
   *     "runnersUp": [row, ...]}}, where a row has {@code provider, region, gpu, count, pricing,
   *     usdPerHour} and, once it can be known, {@code expectedUsd}
   * @param nowhere what is said when nothing fits
   */
  public static String of(JsonNode estimate, String nowhere) {
    var first = estimate.path("offer");
    if (!first.isObject()) {
      return nowhere;
    }
    var others = new ArrayList<String>();
    for (var other : estimate.path("runnersUp")) {
      if (others.size() < MOST_RUNNERS_UP) {
        others.add(place(other));
      }
    }
    return Text.printable(
        place(first)
            + ", expected cost "
            + expected(first)
            + "; runners-up: "
            + (others.isEmpty() ? "none" : String.join("; ", others)));
  }

  /** What costs nothing an hour costs nothing; otherwise it takes a run's length to tell. */
  private static String expected(JsonNode choice) {
    if (choice.path("expectedUsd").isNumber()) {
      return Text.usd(choice.path("expectedUsd").asDouble());
    }
    return choice.path("usdPerHour").asDouble() == 0 ? Text.usd(0) : "not known before a first run";
  }

  private static String place(JsonNode choice) {
    var text = new StringBuilder(choice.path("provider").asText("?"));
    var region = choice.path("region").asText("");
    if (!region.isEmpty() && !region.equals(choice.path("provider").asText())) {
      text.append('/').append(region);
    }
    text.append(' ').append(choice.path("gpu").asText("?"));
    if (choice.path("count").asInt(1) > 1) {
      text.append(" x").append(choice.path("count").asInt());
    }
    var pricing = choice.path("pricing").asText("");
    if (!pricing.isEmpty()) {
      text.append(' ').append(pricing);
    }
    return text + " at " + Text.usd(choice.path("usdPerHour").asDouble()) + "/h";
  }
}
