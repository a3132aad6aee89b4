package io.vaultlayer.cli.command;

import io.vaultlayer.cli.frame.Failure;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.frame.Verb;
import io.vaultlayer.cli.plane.Jobs;
import io.vaultlayer.cli.plane.Plane;
import io.vaultlayer.cli.plane.Planes;
import java.io.IOException;
import picocli.CommandLine.Parameters;

/** A command about one job. */
abstract class JobVerb extends Verb {
  @Parameters(
      index = "0",
      paramLabel = "JOB",
      description = "A job's id, the beginning of it, or its name.")
  private String given;

  @Override
  public final int call(Shell shell) throws IOException, InterruptedException {
    Plane plane = Planes.find(shell).orElseThrow(() -> Failure.noSuchJob(given));
    var jobs = new Jobs(plane);
    return call(shell, plane, jobs, jobs.find(given));
  }

  abstract int call(Shell shell, Plane plane, Jobs jobs, String id)
      throws IOException, InterruptedException;
}
