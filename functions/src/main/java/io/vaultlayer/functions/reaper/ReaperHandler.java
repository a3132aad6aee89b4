package io.vaultlayer.functions.reaper;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.reap.InstanceLabel;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.http.Batches;
import io.vaultlayer.functions.state.Control;
import io.vaultlayer.wire.Json;
import java.util.Map;

/**
 * Looks at instances: one that an item is due for, or every provider's whole inventory. What
 * follows is decided by {@link io.vaultlayer.core.reap.Reaper}. With each inventory it asks for
 * looks at some jobs' checkpoints, and makes them: {@link Retention}.
 */
public final class ReaperHandler {
  private final Platform platform;
  private final Control control;
  private final Retention retention;
  private final RetentionWalk walk;

  public ReaperHandler(Platform platform, Control control) {
    this.platform = platform;
    this.control = control;
    this.retention = new Retention(platform, control);
    this.walk = new RetentionWalk(platform, control);
  }

  /** The messages of one batch share each provider's list. */
  public Map<String, Object> handle(Map<String, Object> event) {
    var round = new Round(platform, control);
    var answer = Batches.handle(event, control.log(), body -> message(round, body));
    round.confirm();
    return answer;
  }

  private void message(Round round, String body) {
    var what = Json.tree(body).path("reap").asText("");
    var retain = Json.tree(body).path("retain").asText("");
    if (what.equals("inventory")) {
      round.inventories();
      walk.ask();
    } else if (JobId.looksLike(retain)) {
      retention.look(new JobId(retain));
    } else if (InstanceLabel.parse(what).filter(this::isOurs).isPresent()) {
      round.look(what);
    }
  }

  private boolean isOurs(InstanceLabel label) {
    return label.owner().equals(platform.variable("OWNER"));
  }
}
