package io.vaultlayer.local;

import io.vaultlayer.local.log.PlaneLog;
import io.vaultlayer.local.plane.Plane;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** What concerns the process as such: settings of its libraries, signals, output. */
final class OwnProcess {
  /** What the launcher gave this process to speak through, also after {@link #logOutput}. */
  static final PrintStream OUT = System.out;

  static final PrintStream ERR = System.err;

  private OwnProcess() {}

  /** Before any library is touched: each reads its settings once. */
  static void prepare() {
    set("org.slf4j.simpleLogger.defaultLogLevel", "warn");
    set("org.slf4j.simpleLogger.log.org.eclipse.jetty", "error");
    set("org.slf4j.simpleLogger.log.org.gaul.s3proxy", "off");
    set("sun.net.httpserver.nodelay", "true");
    set("sun.net.httpserver.maxReqTime", "60");
    set("sun.net.httpserver.maxRspTime", "120");
    set("sun.net.httpserver.maxReqHeaders", "100");
    set("jdk.httpserver.maxConnections", "256");
    set("aws.disableEc2Metadata", "true");
    set("jdk.virtualThreadScheduler.parallelism", "4");
    set("scala.concurrent.context.maxThreads", "2");
    ignoreHangUp();
  }

  private static void set(String name, String value) {
    if (System.getProperty(name) == null) {
      System.setProperty(name, value);
    }
  }

  /** The plane belongs to no terminal. By reflection, because the class is no official one. */
  private static void ignoreHangUp() {
    try {
      var signal = Class.forName("sun.misc.Signal");
      var handler = Class.forName("sun.misc.SignalHandler");
      signal
          .getMethod("handle", signal, handler)
          .invoke(
              null,
              signal.getConstructor(String.class).newInstance("HUP"),
              handler.getField("SIG_IGN").get(null));
    } catch (ReflectiveOperationException | RuntimeException e) {
      // A virtual machine without it ends on a hang-up, as any program may.
    }
  }

  /** SIGTERM and SIGINT stop the plane in order. */
  static void stopOnSignal(Plane plane) {
    Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().name("stop").unstarted(plane::close));
  }

  /** From now on what anybody prints goes to the bounded log, line by line. */
  static void logOutput(PlaneLog log) {
    System.setOut(new PrintStream(new Lines(log, true), true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(new Lines(log, false), true, StandardCharsets.UTF_8));
  }

  private static final class Lines extends OutputStream {
    private static final int LONGEST = 16 << 10;

    private final PlaneLog log;
    private final boolean decisions;
    private final java.io.ByteArrayOutputStream line = new java.io.ByteArrayOutputStream();

    Lines(PlaneLog log, boolean decisions) {
      this.log = log;
      this.decisions = decisions;
    }

    @Override
    public synchronized void write(int one) {
      if (one != '\n') {
        if (line.size() < LONGEST) {
          line.write(one);
        }
        return;
      }
      var text = line.toString(StandardCharsets.UTF_8).strip();
      line.reset();
      if (!text.isEmpty()) {
        if (decisions && text.startsWith("{") && text.endsWith("}")) {
          log.decision(text);
        } else {
          log.info("printed", java.util.Map.of("text", text));
        }
      }
    }
  }
}
