package io.vaultlayer.agent.attempt;

import io.vaultlayer.agent.api.Answer;
import io.vaultlayer.agent.api.AttemptClient;
import io.vaultlayer.agent.checkpoint.CommitResult;
import io.vaultlayer.agent.checkpoint.Commits;
import io.vaultlayer.agent.lease.Lease;
import io.vaultlayer.wire.AttemptApi;
import java.util.function.Consumer;

/** The pipeline's calls to the control plane; none is made while the lease is in doubt. */
record PlaneCommits(AttemptClient client, Lease lease, Consumer<String> fenced) implements Commits {
  @Override
  public CommitResult commit(AttemptApi.Commit commit) {
    if (!lease.held()) {
      return new CommitResult.Unavailable("the lease is in doubt");
    }
    return switch (client.commit(commit)) {
      case Answer.Ok<AttemptApi.Committed> ok -> new CommitResult.Committed();
      case Answer.Fenced<AttemptApi.Committed>(var message) -> {
        fenced.accept(message);
        yield new CommitResult.Fenced();
      }
      case Answer.Refused<AttemptApi.Committed>(var status, var code, var message) ->
          switch (code) {
            case "step_not_newer" -> new CommitResult.StepNotNewer();
            case "checkpoint_unverified" -> new CommitResult.Unverified(message);
            // Such as a state that does not take commits yet: the first beat may still be on its
            // way.
            default -> new CommitResult.Unavailable(code + ": " + message);
          };
      case Answer.Unavailable<AttemptApi.Committed>(var message) ->
          new CommitResult.Unavailable(message);
    };
  }

  @Override
  public void hold(AttemptApi.Hold hold) {
    if (client.hold(hold) instanceof Answer.Fenced<AttemptClient.Nothing>(var message)) {
      fenced.accept(message);
    }
  }
}
