package io.vaultlayer.cli.submit;

import com.fasterxml.jackson.databind.JsonNode;
import io.vaultlayer.cli.render.Text;
import java.util.ArrayList;

/** The line before launch: place, class, price, expected cost, runners-up. */
public final class LaunchLine {
  private static final int MOST_RUNNERS_UP = 3;

  private LaunchLine() {}

  /**
   * @param estimate as {@code POST /v1/estimate} answers: {@code {"choices":[{"provider", "region",
   *     "gpu", "count", "pricing", "usdPerHour", "expectedUsd"}, ...]}}, best first
   */
  public static String of(JsonNode estimate) {
    var choices = estimate.path("choices");
    if (!choices.isArray() || choices.isEmpty()) {
      return "no place is free now; the job waits for one";
    }
    var first = choices.get(0);
    var line = new StringBuilder(place(first));
    var expected = first.path("expectedUsd");
    line.append(", expected cost ")
        .append(expected.isNumber() ? Text.usd(expected.asDouble()) : "not known yet");
    var others = new ArrayList<String>();
    for (int i = 1; i < choices.size() && others.size() < MOST_RUNNERS_UP; i++) {
      others.add(place(choices.get(i)));
    }
    line.append("; runners-up: ").append(others.isEmpty() ? "none" : String.join("; ", others));
    return Text.printable(line.toString());
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
