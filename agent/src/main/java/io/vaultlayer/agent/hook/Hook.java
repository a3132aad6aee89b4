package io.vaultlayer.agent.hook;

import io.vaultlayer.agent.note.AgentLog;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Consumer;

/**
 * What the import hook has told of one attempt. Looks when it is asked to; safe from any thread.
 */
public final class Hook {
  /** Lines in the agent's log for one attempt; a script that saves each second has told enough. */
  private static final int MOST_LOGGED = 2_000;

  /** Whoever tells of more processes is not believed. */
  private static final int MOST_PROCESSES = 65_536;

  private final HookEvents events;
  private final SaveRequests requests;
  private final AgentLog log;
  private final Consumer<String> warn;
  private Optional<String> framework = Optional.empty();
  private OptionalInt world = OptionalInt.empty();
  private OptionalLong savedStep = OptionalLong.empty();
  private OptionalLong resumedStep = OptionalLong.empty();
  private OptionalDouble saveSeconds = OptionalDouble.empty();
  private boolean asks;
  private int logged;

  /**
   * @param directory VAULTLAYER_RUN_DIR of the attempt
   * @param warn hears what the user should hear
   */
  public Hook(Path directory, AgentLog log, Consumer<String> warn) {
    this.events = new HookEvents(directory.resolve("events.jsonl"));
    this.requests = new SaveRequests(directory, this::look);
    this.log = log;
    this.warn = warn;
  }

  /** Takes in what is new. */
  public synchronized void look() {
    for (HookEvent event : events.next()) {
      take(event);
      if (logged < MOST_LOGGED) {
        logged++;
        log.event("hook_" + event.name(), event.told());
      }
    }
  }

  /** The framework whose training runs or ran, in the hook's word. */
  public synchronized Optional<String> framework() {
    return framework;
  }

  /** How many processes take part in the newest training that was found. */
  public synchronized OptionalInt world() {
    return world;
  }

  /** True while a training runs that saves when it is asked to. */
  public synchronized boolean asks() {
    return asks;
  }

  /** Newest step that is complete on every rank. */
  public synchronized OptionalLong savedStep() {
    return savedStep;
  }

  /** The step from which the training was seen to go on. */
  public synchronized OptionalLong resumedStep() {
    return resumedStep;
  }

  /** How long the last save held the training up. */
  public synchronized OptionalDouble saveSeconds() {
    return saveSeconds;
  }

  public SaveRequests requests() {
    return requests;
  }

  private void take(HookEvent event) {
    switch (event.name()) {
      case "found" -> {
        framework = event.text("framework");
        asks = event.is("asks");
        world = processes(event.number("world"));
      }
      case "ended" -> asks = false;
      case "saved" -> {
        savedStep = event.number("step");
        if (event.seconds().isPresent()) {
          saveSeconds = event.seconds();
        }
        event.text("request").ifPresent(request -> requests.saved(request, event));
      }
      case "resumed" -> resumedStep = event.number("step");
      case "notice" -> event.text("text").ifPresent(warn);
      case "error" -> {
        String what = event.text("doing").orElse("?") + ": " + event.text("text").orElse("?");
        event.text("request").ifPresent(request -> requests.failed(request, what));
        warn.accept("the import hook failed while " + what);
      }
      default -> {}
    }
  }

  private static OptionalInt processes(OptionalLong told) {
    return told.isPresent() && told.getAsLong() > 0 && told.getAsLong() <= MOST_PROCESSES
        ? OptionalInt.of((int) told.getAsLong())
        : OptionalInt.empty();
  }
}
