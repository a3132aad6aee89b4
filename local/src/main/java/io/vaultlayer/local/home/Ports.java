package io.vaultlayer.local.home;

import io.vaultlayer.core.port.Entropy;
import io.vaultlayer.local.PlaneRefused;
import io.vaultlayer.wire.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;

/**
 * The plane's three ports, chosen free the first time and kept: instances that outlive a plane must
 * find the next one where it was.
 */
public record Ports(int http, int s3, int sqs) {
  private static final int LOWEST = 20_000;

  /** Where Linux's range of callers' ports begins. */
  private static final int HIGHEST = 32_768;

  private static final int TRIES = 100;

  public Ports {
    for (int port : new int[] {http, s3, sqs}) {
      if (port < 1 || port > 65535) {
        throw new IllegalArgumentException("a port is 1 to 65535, not " + port);
      }
    }
  }

  /** Reads the file, or chooses and writes it. @throws PlaneRefused when a port is taken */
  static Ports of(Path file, Entropy entropy) {
    try {
      if (Files.exists(file)) {
        var ports = Json.parse(Files.readString(file), Ports.class);
        ports.check(file);
        return ports;
      }
      try (var a = free(entropy);
          var b = free(entropy);
          var c = free(entropy)) {
        var ports = new Ports(a.getLocalPort(), b.getLocalPort(), c.getLocalPort());
        var named = new LinkedHashMap<String, Integer>();
        named.put("http", ports.http());
        named.put("s3", ports.s3());
        named.put("sqs", ports.sqs());
        Home.replace(file, Json.render(named) + "\n");
        return ports;
      }
    } catch (IOException e) {
      throw new PlaneRefused("home_unusable", "reading " + file + ": " + e.getMessage(), e);
    } catch (Json.MalformedJson | IllegalArgumentException e) {
      throw new PlaneRefused(
          "corrupted_data",
          "reading "
              + file
              + ": corrupted data directory ("
              + e.getMessage()
              + "); write the three ports http, s3 and sqs into it again",
          e);
    }
  }

  private void check(Path file) {
    check(file, "http", http);
    check(file, "s3", s3);
    check(file, "sqs", sqs);
  }

  private static void check(Path file, String name, int port) {
    try (var socket = new ServerSocket()) {
      // As the servers do: connections of a plane that was just killed may still be closing.
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port));
    } catch (IOException e) {
      throw new PlaneRefused(
          "port_taken",
          "starting the embedded plane: its port "
              + port
              + " ("
              + name
              + ") is taken by another program; stop that program, or, when no job is running,"
              + " change the port in "
              + file,
          e);
    }
  }

  /**
   * A free port below those that the system hands out to callers. One of those could be taken by
   * anybody's connection while the plane is down, even by an agent's that calls the plane: a caller
   * whose own port is the one it calls is connected to itself.
   */
  private static ServerSocket free(Entropy entropy) throws IOException {
    for (int attempt = 0; attempt < TRIES; attempt++) {
      var bytes = entropy.bytes(4);
      int random =
          (bytes[0] & 0x7f) << 24
              | (bytes[1] & 0xff) << 16
              | (bytes[2] & 0xff) << 8
              | bytes[3] & 0xff;
      try {
        return new ServerSocket(
            LOWEST + random % (HIGHEST - LOWEST), 1, InetAddress.getByName("127.0.0.1"));
      } catch (IOException taken) {
        // The next one may be free.
      }
    }
    return new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
  }
}
