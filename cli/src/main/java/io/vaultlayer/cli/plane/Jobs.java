package io.vaultlayer.cli.plane;

import io.vaultlayer.cli.frame.ExitCode;
import io.vaultlayer.cli.frame.Failure;
import io.vaultlayer.core.job.JobId;
import io.vaultlayer.wire.Lists;
import io.vaultlayer.wire.StatusDocument;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/** Finding jobs: by id, by the beginning of an id, or by name. */
public final class Jobs {
  private static final int PAGE = 100;

  /** More jobs than this are not looked through; the user then gives a full id. */
  private static final int MOST_PAGES = 100;

  private static final Set<String> FINAL = Set.of("succeeded", "failed", "cancelled", "stopped");

  private final Plane plane;

  public Jobs(Plane plane) {
    this.plane = plane;
  }

  /** True when the state is one that a job leaves only by an explicit resume, or never. */
  public static boolean ended(String state) {
    return FINAL.contains(state);
  }

  public static String path(String id) {
    return "/v1/jobs/" + Plane.escaped(id);
  }

  /** The job's status. @throws Failure 4 when there is no such job */
  public StatusDocument status(String id) throws InterruptedException {
    try {
      return plane.get(path(id), StatusDocument.class);
    } catch (Refusal e) {
      throw e.status() == 404 ? Failure.noSuchJob(id) : e.failure();
    }
  }

  /**
   * The id that is meant.
   *
   * @param given a full id, the beginning of one job's id, or one job's name
   */
  public String find(String given) throws InterruptedException {
    if (JobId.looksLike(given)) {
      return given;
    }
    var named = new ArrayList<String>();
    var begins = new ArrayList<String>();
    for (var job : all()) {
      if (given.equals(job.name())) {
        named.add(job.id());
      }
      if (job.id().startsWith(given) || job.id().startsWith("job_" + given)) {
        begins.add(job.id());
      }
    }
    return one(given, named.isEmpty() ? begins : named);
  }

  private static String one(String given, List<String> found) {
    if (found.isEmpty()) {
      throw Failure.noSuchJob(given);
    }
    if (found.size() > 1) {
      throw new Failure(
          ExitCode.NO_SUCH_JOB,
          "ambiguous_job",
          "finding job "
              + given
              + ": "
              + found.size()
              + " jobs match, such as "
              + found.get(0)
              + " and "
              + found.get(1)
              + "; give the full id",
          Map.of("jobs", found.subList(0, Math.min(20, found.size()))));
    }
    return found.getFirst();
  }

  /** Every job, newest first as the plane lists them, up to ten thousand. */
  public List<StatusDocument> all() throws InterruptedException {
    return listed("");
  }

  /** Those that have not ended. */
  public List<StatusDocument> live() throws InterruptedException {
    return listed("&live=true").stream().filter(job -> !ended(job.state())).toList();
  }

  private List<StatusDocument> listed(String filter) throws InterruptedException {
    var jobs = new ArrayList<StatusDocument>();
    String after = null;
    for (int page = 0; page < MOST_PAGES; page++) {
      var found =
          asked(
              "/v1/jobs?limit="
                  + PAGE
                  + filter
                  + (after == null ? "" : "&after=" + Plane.escaped(after)),
              Lists.Jobs.class);
      jobs.addAll(found.jobs());
      after = found.next();
      if (after == null || found.jobs().isEmpty()) {
        break;
      }
    }
    return jobs;
  }

  /** A question about a job. @throws Failure 4 when the job is unknown, 3 for anything else */
  public <T> T about(String id, String rest, Class<T> type) throws InterruptedException {
    try {
      return plane.get(path(id) + rest, type);
    } catch (Refusal e) {
      throw refused(id, e);
    }
  }

  /** Something done to a job. Returns its status afterwards. */
  public StatusDocument act(String id, String verb, Object body) throws InterruptedException {
    try {
      return plane.post(path(id) + "/" + verb, body, Map.of(), StatusDocument.class);
    } catch (Refusal e) {
      throw refused(id, e);
    }
  }

  /**
   * The same for what cannot be sent twice: where the answer is lost, the job itself tells whether
   * it was done.
   *
   * @param done whether the job is as it was to become
   */
  public StatusDocument act(String id, String verb, Object body, Predicate<StatusDocument> done)
      throws InterruptedException {
    try {
      return act(id, verb, body);
    } catch (Failure e) {
      if (e.exit() != ExitCode.UNREACHABLE) {
        throw e;
      }
      var now = status(id);
      if (!done.test(now)) {
        throw e;
      }
      return now;
    }
  }

  private Failure refused(String id, Refusal e) throws InterruptedException {
    if (e.status() == 404) {
      status(id); // throws when it is the job that is missing
    }
    return e.failure();
  }

  private <T> T asked(String path, Class<T> type) throws InterruptedException {
    try {
      return plane.get(path, type);
    } catch (Refusal e) {
      throw e.failure();
    }
  }
}
