package io.vaultlayer.bench.peer;

import io.vaultlayer.bench.sim.Engine;
import java.util.function.LongConsumer;

/** A system that keeps jobs training while faults happen to it. Jobs are numbered from 0. */
interface Contender {
  String name();

  Engine engine();

  /** Lets the world run until this time in milliseconds. */
  void runUntil(long millis);

  /** Submits so many jobs. */
  void start(int jobs);

  // ---- faults

  /** The job's present host is gone, and its provider says so. */
  void lose(int job);

  /** The job's present host can no longer be reached and lives on; its provider says running. */
  void cutOff(int job);

  /** The control plane and the hosts cannot reach each other; everything else works. */
  void pathDown(boolean down);

  /** The control plane has no network at all. */
  void offline(boolean offline);

  /** The control plane's process is down, and then started again. */
  void stopped(boolean stopped);

  void terminateFails(boolean fails);

  void noCapacity(boolean none);

  /** The next creates make an instance and give no answer. */
  void ambiguousCreates(int count);

  // ---- what is seen from outside

  /** Hosts on which a training of this job runs at this moment. */
  int trainingHosts(int job);

  /** Seconds of training of the attempt that owns the job, those that it resumed from included. */
  long progressSeconds(int job);

  /** Instances that cost money and that no job owns any more. */
  int unownedInstances();

  long providerCalls();

  /** Attempts that were given up although their host was sound. */
  long healthyTornDown();

  /** Gets, for each true loss, the milliseconds until it was acted on. */
  void onDetection(LongConsumer detected);
}
