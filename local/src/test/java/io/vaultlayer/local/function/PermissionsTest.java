package io.vaultlayer.local.function;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.port.Expect;
import io.vaultlayer.core.port.Key;
import io.vaultlayer.core.port.Write;
import io.vaultlayer.local.template.Statement;
import io.vaultlayer.testkit.fake.MemoryCredentials;
import io.vaultlayer.testkit.fake.MemoryStore;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What a policy allows, and that every call of a port is asked about. */
class PermissionsTest {
  private static final String TABLE = "arn:local:dynamodb:us-east-1:000000000000:table/Rows";

  @Test
  void whatNobodyAllowedIsRefused() {
    assertThat(new Permissions(List.of()).allows("s3:GetObject", "arn:x")).isFalse();
  }

  @Test
  void aDenyWinsWhereverItStands() {
    var deny = statement(false, "s3:*", "arn:b/secret/*");
    var allow = statement(true, "s3:GetObject", "arn:b/*");
    for (var both : List.of(List.of(deny, allow), List.of(allow, deny))) {
      assertThat(new Permissions(both).allows("s3:GetObject", "arn:b/open")).isTrue();
      assertThat(new Permissions(both).allows("s3:GetObject", "arn:b/secret/x")).isFalse();
      assertThat(new Permissions(both).allows("s3:PutObject", "arn:b/open")).isFalse();
    }
  }

  @Test
  void actionsAreComparedWithoutCaseAsOnAws() {
    var permissions = new Permissions(List.of(statement(true, "DynamoDB:getitem", "*")));
    assertThat(permissions.allows("dynamodb:GetItem", TABLE)).isTrue();
  }

  @Test
  void aStatementWithAConditionCountsOnlyWhereItHolds() {
    var account =
        new Statement(
            "s",
            true,
            List.of("Service:events.amazonaws.com"),
            List.of("sqs:SendMessage"),
            List.of("*"),
            Map.of("StringEquals", Map.of("aws:SourceAccount", "1")));
    var permissions = new Permissions(List.of(account));
    var events = "Service:events.amazonaws.com";
    assertThat(permissions.allows(events, "sqs:SendMessage", "q", Map.of("aws:SourceAccount", "1")))
        .isTrue();
    assertThat(permissions.allows(events, "sqs:SendMessage", "q", Map.of("aws:SourceAccount", "2")))
        .isFalse();
    assertThat(permissions.allows(events, "sqs:SendMessage", "q", Map.of())).isFalse();
    assertThat(
            permissions.allows(
                "Service:sns.amazonaws.com",
                "sqs:SendMessage",
                "q",
                Map.of("aws:SourceAccount", "1")))
        .isFalse();
  }

  @Test
  void eachCallOfTheStoreNeedsItsOwnAction() {
    var calls =
        Map.<String, java.util.function.Consumer<io.vaultlayer.core.port.Store>>of(
            "dynamodb:GetItem", s -> s.get("Rows", Key.of("a")),
            "dynamodb:PutItem",
                s ->
                    s.write(
                        List.of(
                            new Write.Put(
                                "Rows",
                                Key.of("a"),
                                Expect.anything(),
                                Map.of(),
                                Optional.empty()))),
            "dynamodb:DeleteItem",
                s -> s.write(List.of(new Write.Delete("Rows", Key.of("a"), Expect.anything()))),
            "dynamodb:Query", s -> s.query("Rows", "a", "", false, 1, Optional.empty()),
            "dynamodb:Scan", s -> s.scan("Rows", 0, 1, 1, Optional.empty()));
    calls.forEach((action, call) -> {
      call.accept(store(statement(true, action, TABLE)));
      assertThatThrownBy(() -> call.accept(store(allExcept(action))))
          .isInstanceOf(AccessDenied.class)
          .hasMessageContaining("Fun")
          .hasMessageContaining(action)
          .hasMessageContaining(TABLE);
    });
  }

  @Test
  void theIndexIsAResourceOfItsOwn() {
    var table = store(statement(true, "dynamodb:Query", TABLE));
    assertThatThrownBy(() -> table.due("Rows", "work", Instant.EPOCH, 1, Optional.empty()))
        .hasMessageContaining(TABLE + "/index/due");
    store(statement(true, "dynamodb:Query", TABLE + "/index/due"))
        .due("Rows", "work", Instant.EPOCH, 1, Optional.empty());
  }

  @Test
  void ofATransactionNothingIsWrittenWhenOnePartIsRefused() {
    var memory = new MemoryStore();
    var guarded =
        GuardedPorts.store(
            memory,
            new Guard("Fun", new Permissions(List.of(statement(true, "dynamodb:PutItem", TABLE)))),
            name -> TABLE.replace("Rows", name));
    var writes =
        List.<Write>of(
            new Write.Put("Rows", Key.of("a"), Expect.absent(), Map.of(), Optional.empty()),
            new Write.Put("Others", Key.of("a"), Expect.absent(), Map.of(), Optional.empty()));
    assertThatThrownBy(() -> guarded.write(writes)).isInstanceOf(AccessDenied.class);
    assertThat(memory.get("Rows", Key.of("a"))).isEmpty();
  }

  @Test
  void credentialsNeedTheFunctionsPermissionAndTheRolesTrust() {
    var role = "arn:local:iam::000000000000:role/Agent";
    var guard = new Guard("Fun", new Permissions(List.of(statement(true, "sts:AssumeRole", role))));
    var inner = new MemoryCredentials(Instant::now, "bucket");
    var job = JobId.make(1, new byte[10]);
    GuardedPorts.credentials(inner, guard, role, true).issue(job, 1, Duration.ofMinutes(15));
    assertThatThrownBy(() ->
            GuardedPorts.credentials(inner, guard, role, false)
                .issue(job, 1, Duration.ofMinutes(15)))
        .isInstanceOf(AccessDenied.class)
        .hasMessageContaining("trust policy");
    var nobody = new Guard("Fun", new Permissions(List.of()));
    assertThatThrownBy(() ->
            GuardedPorts.credentials(inner, nobody, role, true)
                .issue(job, 1, Duration.ofMinutes(15)))
        .isInstanceOf(AccessDenied.class)
        .hasMessageContaining("sts:AssumeRole");
  }

  private static io.vaultlayer.core.port.Store store(Statement... statements) {
    return GuardedPorts.store(
        new MemoryStore(), new Guard("Fun", new Permissions(List.of(statements))), name -> TABLE);
  }

  private static Statement[] allExcept(String action) {
    return List.of("GetItem", "PutItem", "DeleteItem", "Query", "Scan").stream()
        .map(name -> "dynamodb:" + name)
        .filter(name -> !name.equals(action))
        .map(name -> statement(true, name, TABLE))
        .toArray(Statement[]::new);
  }

  private static Statement statement(boolean allow, String action, String resource) {
    return new Statement("s", allow, List.of(), List.of(action), List.of(resource), Map.of());
  }
}
