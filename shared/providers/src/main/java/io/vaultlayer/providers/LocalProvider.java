package io.vaultlayer.providers;

import io.vaultlayer.core.place.GpuClass;
import io.vaultlayer.core.place.Offer;
import io.vaultlayer.core.port.Entropy;
import io.vaultlayer.core.port.Provider;
import io.vaultlayer.providers.LocalFolder.Instance;
import io.vaultlayer.providers.LocalProcesses.Running;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * The machine that the embedded plane runs on.
 *
 * <ul>
 *   <li>An instance is the real agent as the leader of a session and process group of its own, with
 *       a folder of its own under {@code instancesDir} ({@link LocalFolder}); it outlives the
 *       plane.
 *   <li>Create is safe to repeat: a label has one folder, and a folder one agent. A plane that died
 *       between starting the agent and noting its pid finds it again by its marks.
 *   <li>Nothing is kept in memory: {@code /proc} and the folders say what exists. A pid counts only
 *       with its start time and boot, so that a recycled one is neither believed nor killed.
 *   <li>Linux only: it needs {@code /proc} and the program {@code setsid}.
 * </ul>
 */
public final class LocalProvider implements Provider {
  public static final String NAME = "local";

  /** A new agent needs a few milliseconds until it leads its session. */
  private static final Duration START = Duration.ofSeconds(3);

  private static final Duration LOOK_AGAIN = Duration.ofMillis(10);

  /** All that an agent gets of the plane's own environment. */
  private static final Set<String> PASSED =
      Set.of("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR");

  private final Path instancesDir;
  private final List<String> agentCommand;
  private final Supplier<List<NvidiaSmi.Gpu>> gpus;
  private final Facts facts;
  private final InstantSource clock;
  private final Entropy entropy;
  private final String machineId;
  private final LocalInstances instances;

  /**
   * @param agentCommand the agent's program and arguments; the instance's folder is added as the
   *     last one
   * @param gpus what this machine has, asked anew for every offer; see {@link NvidiaSmi}
   */
  public LocalProvider(
      Path instancesDir,
      List<String> agentCommand,
      Supplier<List<NvidiaSmi.Gpu>> gpus,
      int beatSeconds,
      int leaseSeconds,
      InstantSource clock,
      Entropy entropy) {
    instances = new LocalInstances(instancesDir, clock);
    this.instancesDir = instances.dir();
    this.agentCommand = List.copyOf(agentCommand);
    this.gpus = gpus;
    this.clock = clock;
    this.entropy = entropy;
    facts =
        new Facts(
            NAME,
            Registry.find(NAME).orElseThrow().status(),
            Registry.find(NAME).orElseThrow().evidence(),
            beatSeconds,
            leaseSeconds,
            Duration.ofSeconds(60),
            Duration.ofSeconds(5),
            Optional.of("agent ends itself"));
    machineId = LocalMachine.id();
  }

  @Override
  public Facts facts() {
    return facts;
  }

  @Override
  public List<Offer> offers(List<GpuClass> classes) {
    var offers = new ArrayList<Offer>();
    var found =
        classes.stream().anyMatch(gpu -> gpu.memGiB() > 0) ? gpus.get() : List.<NvidiaSmi.Gpu>of();
    for (var gpu : classes) {
      int count = (int) found.stream().filter(one -> one.gpu().equals(gpu)).count();
      boolean present = count > 0 || gpu.equals(GpuClass.CPU);
      offers.add(
          new Offer(
              NAME,
              "here",
              gpu,
              Math.max(1, count),
              gpu.memGiB(),
              "spot",
              0.0,
              machineId,
              present));
    }
    return List.copyOf(offers);
  }

  @Override
  public Creation create(Launch launch) {
    if (!LocalProcesses.LABELS.matcher(launch.label()).matches()) {
      return new Creation.Refused(Refusal.INVALID, "the label has characters that no folder gets");
    }
    if (!LocalProcesses.supported()) {
      return new Creation.Refused(
          Refusal.INVALID, "the local provider needs /proc and setsid, which Linux has");
    }
    var folder = instances.folder(launch.label());
    var lock = instances.lock(launch.label());
    lock.lock();
    try {
      Files.createDirectories(instancesDir);
      if (Files.exists(folder.path(), LinkOption.NOFOLLOW_LINKS)) {
        var known = known(folder);
        if (known.isPresent()) {
          return known.get();
        }
      }
      var answer = start(folder, launch);
      tidy();
      return answer;
    } catch (IOException unwritable) {
      return new Creation.Refused(
          Refusal.ACCOUNT,
          "the instance's folder cannot be written: "
              + unwritable
              + "; free space in or open "
              + instancesDir);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      return new Creation.Ambiguous("interrupted while the agent started");
    } finally {
      lock.unlock();
    }
  }

  /** The answer for a label that was used before; empty when its agent was never started. */
  private Optional<Creation> known(LocalFolder folder) {
    try {
      var instance = folder.instance();
      return instance.isPresent() && instances.wasStarted(folder, instance.get())
          ? Optional.of(created(instance.get()))
          : Optional.empty();
    } catch (IOException unreadable) {
      return Optional.of(new Creation.Ambiguous("the instance's folder cannot be read"));
    }
  }

  private Creation start(LocalFolder folder, Launch launch)
      throws IOException, InterruptedException {
    var intended =
        new Instance(
            launch.label(),
            0,
            0,
            LocalProcesses.bootId(),
            "local-" + HexFormat.of().formatHex(entropy.bytes(6)),
            machineId,
            launch.offer().gpu().name(),
            clock.instant().toString());
    try {
      folder.make();
      folder.write(intended);
      folder.writeBootstrap(launch.bootstrap());
    } catch (IOException unwritable) {
      LocalFolder.delete(folder.path());
      throw unwritable;
    }
    Process process;
    try {
      process = agent(folder).start();
    } catch (IOException notStarted) {
      return cannotStart(folder, notStarted.getMessage());
    }
    var leader = awaitLeader(process);
    if (leader.isEmpty() && !process.isAlive() && process.exitValue() >= 126) {
      return cannotStart(folder, agentCommand.getFirst() + " is no program");
    }
    // Where the agent has ended already there is no start time, and no process that it would fit.
    long startTicks = leader.map(Running::startTicks).orElse(0L);
    try {
      folder.write(intended.running(process.pid(), startTicks, LocalProcesses.bootId()));
    } catch (IOException unwritable) {
      // Its marks would find it again; but an agent without any space can only fail.
      instances.killAll(
          launch.label(),
          process.isAlive() ? OptionalLong.of(process.pid()) : OptionalLong.empty());
      LocalFolder.delete(folder.path());
      throw unwritable;
    }
    return created(intended);
  }

  private static Creation cannotStart(LocalFolder folder, String why) {
    LocalFolder.delete(folder.path());
    return new Creation.Refused(Refusal.INVALID, "the agent cannot be started: " + why);
  }

  private ProcessBuilder agent(LocalFolder folder) {
    var command = new ArrayList<String>();
    command.add("setsid");
    command.addAll(agentCommand);
    command.add(folder.path().toString());
    var builder =
        new ProcessBuilder(command)
            .directory(folder.path().toFile())
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(folder.log().toFile()));
    var environment = builder.environment();
    environment.keySet().retainAll(PASSED);
    environment.put(LocalProcesses.LABEL, folder.label());
    environment.put(LocalProcesses.FOLDER, instancesDir.toString());
    return builder;
  }

  /** Empty when the process ended before it became the agent. */
  private static Optional<Running> awaitLeader(Process process) throws InterruptedException {
    long tries = START.dividedBy(LOOK_AGAIN);
    for (long i = 0; i < tries && process.isAlive(); i++) {
      var running =
          LocalProcesses.read(process.pid()).filter(LocalProcesses::leadsAndIsNoLongerSetsid);
      if (running.isPresent()) {
        return running;
      }
      TimeUnit.MILLISECONDS.sleep(LOOK_AGAIN.toMillis());
    }
    return Optional.empty();
  }

  private void tidy() {
    try {
      instances.tidy();
    } catch (IOException stays) {
      // The next create or terminate tries again; this instance runs.
      return;
    }
  }

  private static Creation created(Instance instance) {
    return new Creation.Created(instance.instanceId(), instance.machineId());
  }

  @Override
  public Inventory list(String owner) {
    try {
      return instances.list("vl-" + owner + "-", facts.visibility());
    } catch (IOException unreadable) {
      throw failure("listing instances", unreadable);
    }
  }

  @Override
  public Sighting describe(String label) {
    try {
      return LocalProcesses.LABELS.matcher(label).matches()
          ? instances.describe(label, facts.visibility())
          : Sighting.GONE;
    } catch (IOException unreadable) {
      return Sighting.UNKNOWN;
    }
  }

  @Override
  public void terminate(String label) {
    end("terminating", label, instances::terminate);
  }

  /** A label is one folder here, so at most one instance carries it. */
  @Override
  public void terminate(String label, String instanceId) {
    end(
        "terminating",
        label,
        l -> {
          if (instances.isInstance(l, instanceId)) {
            instances.terminate(l);
          }
        });
  }

  @Override
  public void kill(String label) {
    end("killing", label, instances::kill);
  }

  private interface Ending {
    void end(String label) throws IOException, InterruptedException;
  }

  private void end(String doing, String label, Ending ending) {
    if (!LocalProcesses.LABELS.matcher(label).matches()) {
      return;
    }
    var lock = instances.lock(label);
    lock.lock();
    try {
      ending.end(label);
    } catch (IOException unreadable) {
      throw failure(doing + " " + label, unreadable);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw failure(doing + " " + label, stopped);
    } finally {
      lock.unlock();
    }
  }

  private static ProviderFailure failure(String doing, Exception cause) {
    return new ProviderFailure(NAME + ": " + doing + ": " + cause, cause);
  }
}
