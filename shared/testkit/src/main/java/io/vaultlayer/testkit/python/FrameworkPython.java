package io.vaultlayer.testkit.python;

import io.vaultlayer.wire.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * The Python that has the real frameworks: VL_TEST_PYTHON, else what tests/python-env has built.
 *
 * @param versions of the distributions that it has; torch and jax only where they can be imported
 */
public record FrameworkPython(Path interpreter, Map<String, String> versions) {
  private static final String ASK =
      """
      import importlib, importlib.metadata as m, json, sys
      found = {"python": sys.version.split()[0]}
      names = ("torch transformers trl accelerate peft lightning pytorch-lightning jax flax optax"
               " orbax-checkpoint safetensors numpy deepspeed")
      for name in names.split():
          try: found[name] = m.version(name)
          except m.PackageNotFoundError: pass
      for name in ("torch", "jax"):
          try: importlib.import_module(name)
          except Exception as e: found.pop(name, None)
      print(json.dumps(found))
      """;

  private static Optional<FrameworkPython> found;

  /** Empty where there is none; then {@link #missing} says why. Looked for once. */
  public static synchronized Optional<FrameworkPython> find() {
    if (found == null) {
      found = look();
    }
    return found;
  }

  private static Optional<FrameworkPython> look() {
    try {
      var path = output(finder().toString(), "--cached");
      if (path.isBlank()) {
        return Optional.empty();
      }
      var versions = new TreeMap<String, String>();
      Json.tree(output(path, "-c", ASK))
          .properties()
          .forEach(each -> versions.put(each.getKey(), each.getValue().asText()));
      return Optional.of(new FrameworkPython(Path.of(path), versions));
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** The script of this checkout; tests run in a module's directory, or above. */
  private static Path finder() {
    for (var at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      if (Files.isExecutable(at.resolve("tests/python-env"))) {
        return at.resolve("tests/python-env");
      }
    }
    throw new AssertionError("no checkout above the tests");
  }

  /** An interpreter that has PyTorch: that of choice, else the one on the PATH. */
  public static Optional<String> withTorch() {
    try {
      if (find().isPresent() && find().get().has("torch")) {
        return find().map(python -> python.interpreter().toString());
      }
      return output("python3", "-c", "import torch; print(1)").equals("1")
          ? Optional.of("python3")
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty(); // there is no Python at all
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Why there is none. */
  public static String missing() {
    return "no Python with the frameworks: VL_TEST_PYTHON is not set, and tests/python-env has built"
        + " none";
  }

  public boolean has(String distribution) {
    return versions.containsKey(distribution);
  }

  /** A program that was installed beside the interpreter. */
  public String program(String name) {
    return interpreter.resolveSibling(name).toString();
  }

  private static String output(String... command) throws IOException, InterruptedException {
    var process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    var text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    if (!process.waitFor(2, TimeUnit.MINUTES)) {
      process.destroyForcibly();
    }
    return text;
  }
}
