package io.vaultlayer.cli.submit;

import io.vaultlayer.cli.frame.Failure;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.wire.SubmitRequest;
import io.vaultlayer.wire.SubmitRequest.Workdir;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A run as it was asked for, checked: everything that can be found wrong before anything is packed
 * or sent.
 */
public record Submission(Path workdir, RunOptions options, List<String> command) {

  /**
   * @param words the command as typed; empty: what {@code vl.yaml} says
   * @throws Failure 2 with what is wrong
   */
  public static Submission of(Shell shell, Purpose purpose, RunOptions typed, List<String> words)
      throws IOException {
    var workdir = workdir(shell, typed.workdir());
    var file = VlYaml.of(workdir);
    var options = typed.over(file.options());
    var command = words.isEmpty() ? file.command() : words;
    Values.check(options);
    Launchable.check(shell, purpose, workdir, command, options.image != null);
    return new Submission(workdir, options, List.copyOf(command));
  }

  /**
   * The same, to be tried out on this machine: no other place, no limit of money or time.
   *
   * @throws Failure 2 where it cannot be tried out here
   */
  public Submission rehearsed(String name) {
    if (options.image != null) {
      throw Failure.usage(
          "image_not_here",
          "rehearsing with --image " + options.image + ": images are not run here; leave it out");
    }
    return new Submission(workdir, options.rehearsed(name), command);
  }

  private static Path workdir(Shell shell, Path given) {
    var workdir = given == null ? shell.directory() : shell.directory().resolve(given).normalize();
    if (!Files.exists(workdir)) {
      throw badWorkdir(workdir, "it does not exist");
    }
    if (!Files.isDirectory(workdir)) {
      throw badWorkdir(workdir, "it is not a directory");
    }
    if (!Files.isReadable(workdir) || !Files.isExecutable(workdir)) {
      throw badWorkdir(workdir, "it cannot be read");
    }
    return workdir;
  }

  private static Failure badWorkdir(Path workdir, String why) {
    return Failure.usage(
        "bad_workdir",
        "reading the work directory " + workdir + ": " + why + "; give another with --workdir");
  }

  /** The request. @param packed null for an estimate */
  public SubmitRequest request(Shell shell, Workdir packed) throws IOException {
    var wishes = GpuWishes.parse(options.gpu);
    if (options.trainMode != null) {
      wishes = GpuWishes.sized(options.trainMode, options.modelParams, wishes);
    }
    return new SubmitRequest(
        options.name,
        command,
        wishes,
        options.noFailover ? Boolean.FALSE : options.failover ? Boolean.TRUE : null,
        Environment.of(shell, options.envFile, options.env),
        Environment.ofHost(shell),
        options.spot ? "spot" : options.onDemand ? "on-demand" : null,
        options.provider.isEmpty() ? null : options.provider,
        options.setup,
        options.image,
        options.checkpointDir,
        options.checkpointEvery,
        options.deadline,
        options.budget,
        options.maxPrice,
        options.maxAttempts,
        options.maxWait,
        options.retryExitCodes.isEmpty() ? null : options.retryExitCodes,
        options.secret.isEmpty() ? null : options.secret,
        packed,
        options.keepLast,
        options.keepEvery);
  }
}
