package io.vaultlayer.cli;

import io.vaultlayer.cli.FakePlane.Answer;
import io.vaultlayer.wire.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Stands for the embedded plane's process: says where it is, answers, ends when it is told to. */
final class FakePlaneMain {
  private FakePlaneMain() {}

  public static void main(String[] args) throws IOException {
    var directory = Path.of(System.getenv("VAULTLAYER_HOME"), "local");
    if (Files.exists(directory.resolve("refuse"))) {
      System.err.println("INFO something else");
      if (Files.size(directory.resolve("refuse")) > 0) {
        System.err.println("vl-code: port_taken");
      }
      System.err.println("starting the plane: port 4711 is taken; free it");
      System.exit(3);
    }
    if (Files.exists(directory.resolve("hang"))) {
      return;
    }
    var plane = new FakePlane();
    plane.routes.put("GET /local/status", asked -> Answer.of(Map.of("up", true)));
    plane.routes.put(
        "POST /local/down",
        asked -> {
          new Thread(() -> end(directory)).start();
          return Answer.of(Map.of());
        });
    plane.routes.put(
        "GET /local/credentials/" + FakePlane.JOB, asked -> Answer.of(Map.of("epoch", 1)));
    plane.jobs.put(
        FakePlane.JOB,
        FakePlane.status(FakePlane.JOB, "digits", "running")
            .attempt(null, null, null, null, null)
            .build());
    var info = new LinkedHashMap<String, Object>();
    info.put("endpoint", plane.endpoint());
    info.put("tokenFile", Files.writeString(directory.resolve("token"), "hush\n").toString());
    info.put("pid", ProcessHandle.current().pid());
    info.put("dataDir", directory.toString());
    info.put("s3Endpoint", plane.endpoint());
    info.put("bucket", "artifacts");
    info.put("region", "us-east-1");
    info.put("version", "test");
    Files.writeString(directory.resolve("store.db"), "");
    Files.writeString(directory.resolve("plane.json"), Json.render(info));
  }

  private static void end(Path directory) {
    try {
      Thread.sleep(100);
      Files.delete(directory.resolve("plane.json"));
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
    System.exit(0);
  }
}
