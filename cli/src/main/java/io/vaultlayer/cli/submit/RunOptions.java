package io.vaultlayer.cli.submit;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The options of {@code vl run}, also those of {@code vl.yaml}: null or empty where not given. */
public final class RunOptions {
  @Option(
      names = "--gpu",
      paramLabel = "CLASS[:COUNT][,CLASS...]",
      description = "Any of these GPU classes, best first. Default: whatever is cheapest.")
  String gpu;

  @Option(
      names = "--failover",
      description = "Go on on another instance when one is lost (the default).")
  boolean failover;

  @Option(names = "--no-failover", description = "One attempt only.")
  boolean noFailover;

  @Option(
      names = "--env",
      paramLabel = "KEY[=VALUE]",
      description = "A variable for the script; without VALUE its value in this shell.")
  List<String> env = new ArrayList<>();

  @Option(names = "--env-file", paramLabel = "FILE", description = "A file of KEY=VALUE lines.")
  List<Path> envFile = new ArrayList<>();

  @Option(names = "--secret", paramLabel = "NAME", description = "A stored secret for the script.")
  List<String> secret = new ArrayList<>();

  @Option(names = "--spot", description = "Only interruptible instances.")
  boolean spot;

  @Option(
      names = "--on-demand",
      description = "Only uninterruptible ones. Default: cheapest expected cost.")
  boolean onDemand;

  @Option(
      names = "--provider",
      paramLabel = "NAME",
      description = "Only this provider; may be repeated.")
  List<String> provider = new ArrayList<>();

  @Option(
      names = "--setup",
      paramLabel = "CMD",
      description = "Runs before the script, instead of installing what the directory declares.")
  String setup;

  @Option(names = "--image", paramLabel = "REF", description = "A container image to run in.")
  String image;

  @Option(
      names = "--workdir",
      paramLabel = "DIR",
      description = "The work directory. Default: the current one.")
  Path workdir;

  @Option(
      names = "--checkpoint-dir",
      paramLabel = "DIR",
      description = "Where the script keeps its checkpoints.")
  String checkpointDir;

  @Option(
      names = "--checkpoint-every",
      paramLabel = "STEPS|DURATION",
      description = "How often to ask for a checkpoint.")
  String checkpointEvery;

  @Option(
      names = "--keep-last",
      paramLabel = "N",
      description = "Keep the newest N checkpoints. Default: 7, at least 2.")
  Integer keepLast;

  @Option(
      names = "--keep-every",
      paramLabel = "N",
      description = "Besides them keep every Nth; 0: none. Default: 10.")
  Integer keepEvery;

  @Option(
      names = "--deadline",
      paramLabel = "90m|6h|TIME",
      description = "When it must be done; TIME as in 2026-11-20T10:00:00Z.")
  String deadline;

  @Option(names = "--budget", paramLabel = "USD", description = "The most that it may cost.")
  Double budget;

  @Option(
      names = "--max-price",
      paramLabel = "USD_PER_HOUR",
      description = "The most that an hour may cost.")
  Double maxPrice;

  @Option(
      names = "--train-mode",
      paramLabel = "qlora|lora|full",
      description = "With --model-params: sizes the GPU.")
  String trainMode;

  @Option(
      names = "--model-params",
      paramLabel = "BILLIONS",
      description = "Parameters of the model.")
  Double modelParams;

  @Option(
      names = "--max-attempts",
      paramLabel = "N",
      description = "Default: no limit while committed steps advance.")
  Integer maxAttempts;

  @Option(
      names = "--max-wait",
      paramLabel = "90m|6h",
      description = "How long it may wait for a place in a row. Default: 24h.")
  String maxWait;

  @Option(
      names = "--retry-exit-codes",
      paramLabel = "N[,N...]",
      split = ",",
      hideParamSyntax = true,
      description = "The script asks to be started again by ending with one of these.")
  List<Integer> retryExitCodes = new ArrayList<>();

  @Option(names = "--name", paramLabel = "NAME", description = "A name for the job.")
  String name;

  @Option(
      names = "--no-insert",
      description = "Never offer to insert the checkpoint lines into the script.")
  boolean noInsert;

  @Option(
      names = "--insert",
      paramLabel = "copy|file",
      description =
          "Insert the checkpoint lines without a question: into the uploaded copy, or into the"
              + " file here.")
  String insert;

  @Option(names = "--nodes", hidden = true)
  Integer nodes;

  /** Whether and where the checkpoint lines are inserted. */
  public enum Insert {
    /** Into the copy; on a terminal after a question. */
    ASK,
    COPY,
    FILE,
    NO
  }

  public Insert insert() {
    if (noInsert) {
      return Insert.NO;
    }
    return insert == null ? Insert.ASK : insert.equals("file") ? Insert.FILE : Insert.COPY;
  }

  /** Options with these values and no others. */
  public static RunOptions named(String name, Path workdir, String gpu) {
    var options = new RunOptions();
    options.name = name;
    options.workdir = workdir;
    options.gpu = gpu;
    return options;
  }

  /** What a rehearsal on this machine takes of them. */
  RunOptions rehearsed(String rehearsal) {
    var own = over(new RunOptions());
    own.name = rehearsal;
    own.provider = List.of("local");
    own.failover = true;
    own.noFailover = false;
    own.spot = false;
    own.onDemand = false;
    own.deadline = null;
    own.budget = null;
    own.maxPrice = null;
    own.maxAttempts = null;
    own.maxWait = "2m";
    own.retryExitCodes = List.of();
    return own;
  }

  public Path workdir() {
    return workdir;
  }

  /** The classes that are wanted, as typed; empty: any. */
  public Optional<String> gpu() {
    return Optional.ofNullable(gpu);
  }

  /** As typed; empty: one that the agent makes. */
  public Optional<String> checkpointDir() {
    return Optional.ofNullable(checkpointDir);
  }

  /** These options where they are given, else those of {@code base}. */
  RunOptions over(RunOptions base) {
    var both = new RunOptions();
    both.gpu = first(gpu, base.gpu);
    both.failover = failover || base.failover && !noFailover;
    both.noFailover = noFailover || base.noFailover && !failover;
    both.env = concat(base.env, env);
    both.envFile = concat(base.envFile, envFile);
    both.secret = secret.isEmpty() ? base.secret : secret;
    both.spot = spot || base.spot && !onDemand;
    both.onDemand = onDemand || base.onDemand && !spot;
    both.provider = provider.isEmpty() ? base.provider : provider;
    both.setup = first(setup, base.setup);
    both.image = first(image, base.image);
    both.workdir = first(workdir, base.workdir);
    both.checkpointDir = first(checkpointDir, base.checkpointDir);
    both.checkpointEvery = first(checkpointEvery, base.checkpointEvery);
    both.keepLast = first(keepLast, base.keepLast);
    both.keepEvery = first(keepEvery, base.keepEvery);
    both.deadline = first(deadline, base.deadline);
    both.budget = first(budget, base.budget);
    both.maxPrice = first(maxPrice, base.maxPrice);
    both.trainMode = first(trainMode, base.trainMode);
    both.modelParams = first(modelParams, base.modelParams);
    both.maxAttempts = first(maxAttempts, base.maxAttempts);
    both.maxWait = first(maxWait, base.maxWait);
    both.retryExitCodes = retryExitCodes.isEmpty() ? base.retryExitCodes : retryExitCodes;
    both.name = first(name, base.name);
    both.noInsert = noInsert || base.noInsert && insert == null;
    both.insert = noInsert ? null : first(insert, base.insert);
    both.nodes = first(nodes, base.nodes);
    return both;
  }

  private static <T> T first(T own, T base) {
    return own != null ? own : base;
  }

  private static <T> List<T> concat(List<T> base, List<T> own) {
    var both = new ArrayList<T>(base);
    both.addAll(own);
    return both;
  }
}
