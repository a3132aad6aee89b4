package io.vaultlayer.local.function;

import io.vaultlayer.core.port.Bucket;
import io.vaultlayer.core.port.Bus;
import io.vaultlayer.core.port.Entropy;
import io.vaultlayer.core.port.JobCredentials;
import io.vaultlayer.core.port.Provider;
import io.vaultlayer.core.port.Queue;
import io.vaultlayer.core.port.Store;
import io.vaultlayer.functions.Parallel;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.local.template.LocalNames;
import io.vaultlayer.local.template.Template;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Predicate;

/** What one function stands on: its section of the template, and nothing beside it. */
final class LocalPlatform implements Platform {
  private final Template.Function function;
  private final Parts parts;
  private final Guard guard;
  private final Store store;

  LocalPlatform(Template.Function function, Parts parts) {
    this.function = function;
    this.parts = parts;
    this.guard = new Guard(function.name(), new Permissions(function.statements()));
    this.store = GuardedPorts.store(parts.store(), guard, this::tableArn);
  }

  private String tableArn(String table) {
    return parts.template().tables().stream()
        .filter(t -> t.name().equals(table))
        .map(Template.Table::arn)
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("the template has no table " + table));
  }

  @Override
  public String variable(String name) {
    var value = function.environment().get(name);
    if (value == null) {
      throw new MissingVariable(name);
    }
    return value;
  }

  @Override
  public Store store() {
    return store;
  }

  @Override
  public Queue queue(String urlVariable) {
    var url = variable(urlVariable);
    var queue = named(parts.template().queues(), q -> q.url().equals(url), urlVariable, "queue");
    return GuardedPorts.queue(parts.queue().apply(url), guard, queue.arn());
  }

  @Override
  public Bus bus(String nameVariable) {
    var name = variable(nameVariable);
    var bus = named(parts.template().buses(), b -> b.name().equals(name), nameVariable, "bus");
    return GuardedPorts.bus(parts.bus().apply(name), guard, bus.arn());
  }

  @Override
  public Bucket bucket(String nameVariable) {
    var bucket = bucketOf(nameVariable);
    return GuardedPorts.bucket(parts.bucket().apply(bucket.name()), guard, bucket.arn());
  }

  private Template.Bucket bucketOf(String variable) {
    var name = variable(variable);
    return named(parts.template().buckets(), b -> b.name().equals(name), variable, "bucket");
  }

  @Override
  public JobCredentials credentials(String bucketVariable, String roleVariable) {
    var bucket = bucketOf(bucketVariable);
    var arn = variable(roleVariable);
    var role = named(parts.template().roles(), r -> r.arn().equals(arn), roleVariable, "role");
    return GuardedPorts.credentials(
        parts.credentials().apply(bucket.name(), role.arn()),
        guard,
        role.arn(),
        new Permissions(role.trust())
            .allows(LocalNames.ROOT, "sts:AssumeRole", role.arn(), Map.of()));
  }

  private static <T> T named(Collection<T> all, Predicate<T> wanted, String variable, String kind) {
    return all.stream()
        .filter(wanted)
        .findFirst()
        .orElseThrow(() ->
            new IllegalStateException(
                "the variable " + variable + " names no " + kind + " of the template"));
  }

  @Override
  public List<Provider> providers() {
    return parts.providers();
  }

  @Override
  public InstantSource clock() {
    return parts.clock();
  }

  @Override
  public Entropy entropy() {
    return parts.entropy();
  }

  @Override
  public <T> List<Optional<T>> parallel(List<Callable<T>> work, Duration limit) {
    return Parallel.onVirtualThreads(work, limit);
  }

  @Override
  public void pause(Duration time) {
    try {
      Thread.sleep(time);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("the function was stopped while it waited", e);
    }
  }
}
