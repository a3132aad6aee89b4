package io.vaultlayer.agent;

import io.vaultlayer.agent.attempt.Happening;
import io.vaultlayer.agent.attempt.Inbox;
import io.vaultlayer.agent.lease.Clocks;
import io.vaultlayer.agent.note.AgentLog;
import io.vaultlayer.agent.system.HostClocks;
import io.vaultlayer.agent.work.InstanceDir;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Map;

/**
 * {@code AgentMain <instanceDir>}: the agent of one instance. Exit codes: 0 the attempt's end is
 * reported, 1 this host is broken, 2 wrong usage, 4 nobody was heard for too long, 9 fenced.
 */
public final class AgentMain {
  private static final int WRONG_USAGE = 2;

  /**
   * A shutdown says no time; systems give 90 s and more before they kill, clouds as little as 25.
   */
  private static final int NOTICE_OF_A_SHUTDOWN_SECONDS = 20;

  private AgentMain() {}

  public static void main(String[] arguments) throws Exception {
    var outside =
        new Outside(
            new HostClocks(), Clock.systemUTC()::instant, new SecureRandom(), System.getenv());
    if (Boolean.getBoolean("vaultlayer.train")) {
      Warmup.run(outside);
      return;
    }
    if (arguments.length != 1) {
      System.err.println("usage: AgentMain INSTANCE_DIRECTORY");
      Runtime.getRuntime().halt(WRONG_USAGE);
    }
    var places = new InstanceDir(Path.of(arguments[0]));
    var log = new AgentLog(places.log(), outside.now());
    int code = Agent.BROKEN;
    try {
      code = run(places, outside, log);
    } catch (IOException | RuntimeException e) {
      log.event("broken", Map.of("message", String.valueOf(e)));
      e.printStackTrace();
    }
    // Not exit(): that would wait for the hook below, which waits for us.
    Runtime.getRuntime().halt(code);
  }

  private static int run(InstanceDir places, Outside outside, AgentLog log)
      throws IOException, InterruptedException {
    try (FileChannel file =
            FileChannel.open(places.lock(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = file.tryLock()) {
      if (lock == null) {
        log.event("not_alone", Map.of("message", "another agent runs for this instance"));
        return Agent.BROKEN;
      }
      var inbox = new Inbox();
      onShutdown(inbox, outside.clocks());
      ReclaimFile.watch(places.reclaim(), inbox, outside.clocks());
      return new Agent(places, inbox, outside, log).run();
    }
  }

  /** SIGTERM begins the JVM's shutdown; it is held open until the attempt has ended in order. */
  private static void onShutdown(Inbox inbox, Clocks clocks) {
    Thread main = Thread.currentThread();
    Runtime.getRuntime()
        .addShutdownHook(
            Thread.ofPlatform()
                .unstarted(() -> {
                  inbox.put(new Happening.Notice(NOTICE_OF_A_SHUTDOWN_SECONDS, clocks.monotonic()));
                  try {
                    main.join();
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                }));
  }
}
