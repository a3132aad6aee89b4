package io.vaultlayer.cli;

import io.vaultlayer.cli.frame.Installation;
import io.vaultlayer.cli.frame.Shell;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Optional;

/** The program {@code vl}: builds what the calling shell gives, and runs one command in it. */
public final class Vl {
  private Vl() {}

  public static void main(String[] args) {
    var out = stream(FileDescriptor.out);
    int exit;
    if (Boolean.getBoolean("vaultlayer.train")) {
      exit = Training.run(shell(out));
    } else {
      exit = new Program(shell(out)).run(args);
    }
    out.flush();
    // Halts threads that wait for nothing; a lost stdout (a closed pipe) is not worth a message.
    System.exit(exit);
  }

  private static Shell shell(PrintStream out) {
    return new Shell(
        out,
        stream(FileDescriptor.err),
        isTerminal(2) && !"dumb".equals(System.getenv("TERM")),
        isTerminal(0),
        Path.of("").toAbsolutePath(),
        System.getenv(),
        Clock.systemUTC(),
        new SecureRandom(),
        installation());
  }

  private static Installation installation() {
    var dist = Optional.ofNullable(System.getProperty("vaultlayer.dist")).map(Path::of);
    var root =
        Optional.ofNullable(System.getProperty("vaultlayer.root"))
            .map(Path::of)
            .or(() -> dist.map(folder -> folder.resolve("../../..").normalize()));
    var java = Path.of(System.getProperty("java.home"), "bin", "java");
    var template = System.getProperty("vaultlayer.template");
    return new Installation(
        root,
        dist,
        Path.of(System.getProperty("vaultlayer.java", java.toString())),
        template != null
            ? Path.of(template)
            : root.map(folder -> folder.resolve("template.yaml")).orElse(Path.of("template.yaml")),
        System.getProperty("user.home"));
  }

  private static PrintStream stream(FileDescriptor descriptor) {
    return new PrintStream(
        new FileOutputStream(descriptor).getChannel().isOpen()
            ? new java.io.BufferedOutputStream(new FileOutputStream(descriptor), 8192)
            : java.io.OutputStream.nullOutputStream(),
        false,
        StandardCharsets.UTF_8);
  }

  /** The JDK only answers for stdin and stdout together; Linux tells for each. */
  private static boolean isTerminal(int descriptor) {
    try {
      var target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor)).toString();
      return target.startsWith("/dev/pts/")
          || target.startsWith("/dev/tty")
          || target.startsWith("/dev/console");
    } catch (IOException e) {
      var console = System.console();
      return console != null && console.isTerminal();
    }
  }
}
