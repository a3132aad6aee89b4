package io.vaultlayer.local.home;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vaultlayer.core.port.Entropy;
import io.vaultlayer.local.PlaneRefused;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A home is claimed by one plane, keeps its ports and token, and is refused with its reason. */
class HomeTest {
  private static final Random RANDOM = new Random();
  private static final Entropy ENTROPY =
      count -> {
        var bytes = new byte[count];
        RANDOM.nextBytes(bytes);
        return bytes;
      };

  @TempDir Path directory;

  @Test
  void aSecondPlaneFindsTheHomeTaken() {
    var home = new Home(directory);
    try (var first = claim(home)) {
      assertThat(Claimed.take(home, Map.of(), ENTROPY)).isEmpty();
      assertThat(first.ports()).isNotNull();
    }
    claim(home).close();
  }

  @Test
  void portsAndTokenStayTheSame() {
    var home = new Home(directory);
    Ports ports;
    String token;
    try (var first = claim(home)) {
      ports = first.ports();
      token = first.token();
    }
    try (var second = claim(home)) {
      assertThat(second.ports()).isEqualTo(ports);
      assertThat(second.token()).isEqualTo(token);
    }
    assertThat(token).hasSizeGreaterThanOrEqualTo(32);
  }

  @Test
  void portsAreNoneThatTheSystemHandsToCallers() {
    try (var claimed = claim(new Home(directory))) {
      var ports = claimed.ports();
      assertThat(List.of(ports.http(), ports.s3(), ports.sqs()))
          .doesNotHaveDuplicates()
          .allSatisfy(port -> assertThat(port).isBetween(20_000, 32_767));
    }
  }

  @Test
  void onlyTheOwnerMayLookIn() throws Exception {
    var home = new Home(directory);
    try (var claimed = claim(home)) {
      claimed.publish(new Status("e", "t", 1, "d", "s", "b", "r", "v", "now"));
      for (var path : new Path[] {home.data(), home.bucket(), home.instances()}) {
        assertThat(mode(path)).isEqualTo("rwx------");
      }
      for (var path : new Path[] {home.token(), home.ports(), home.status()}) {
        assertThat(mode(path)).isEqualTo("rw-------");
      }
    }
    assertThat(home.status()).doesNotExist();
  }

  @Test
  void aTakenPortNamesThePortAndTheFile() throws Exception {
    var home = new Home(directory);
    Ports ports;
    try (var first = claim(home)) {
      ports = first.ports();
    }
    try (var other = new ServerSocket(ports.s3(), 1, InetAddress.getByName("127.0.0.1"))) {
      assertThat(other.isBound()).isTrue();
      assertThatThrownBy(() -> claim(home))
          .isInstanceOf(PlaneRefused.class)
          .hasMessageContaining(Integer.toString(ports.s3()))
          .hasMessageContaining(home.ports().toString());
    }
    claim(home).close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "lustre", "9p", "NFS4"})
  void aNetworkFileSystemIsRefusedByName(String type) {
    assertThatThrownBy(() -> NetworkFileSystems.refuse(directory, type))
        .isInstanceOf(PlaneRefused.class)
        .hasMessageContaining(type)
        .hasMessageContaining("VAULTLAYER_HOME");
  }

  @ParameterizedTest
  @ValueSource(strings = {"ext4", "xfs", "btrfs", "zfs", "overlay", "tmpfs", "apfs"})
  void aLocalFileSystemIsTaken(String type) {
    NetworkFileSystems.refuse(directory, type);
  }

  @Test
  void aStoreThatIsGoneWhileItsObjectsAreThereIsNotMadeAnew() throws Exception {
    var home = new Home(directory);
    claim(home).close();
    Files.createDirectories(home.bucket().resolve("b/jobs/j"));
    assertThatThrownBy(() -> claim(home)).hasMessageContaining("corrupted data directory");
    Files.createFile(home.store());
    assertThatThrownBy(() -> claim(home)).hasMessageContaining("corrupted data directory");
    Files.writeString(home.store(), "something");
    claim(home).close();
  }

  @Test
  void aDamagedPortsFileOrTokenIsSaid() throws Exception {
    var home = new Home(directory);
    claim(home).close();
    var ports = Files.readString(home.ports());
    Files.writeString(home.ports(), "{\"http\":0}");
    assertThatThrownBy(() -> claim(home)).hasMessageContaining(home.ports().toString());
    Files.writeString(home.ports(), ports);
    Files.writeString(home.token(), "");
    assertThatThrownBy(() -> claim(home)).hasMessageContaining(home.token().toString());
  }

  @Test
  void beatAndLeaseComeFromTheEnvironmentThenTheFileThenTheDefault() throws Exception {
    var config = directory.resolve("config.json");
    assertThat(Settings.of(config, Map.of())).isEqualTo(new Settings(2, 8));
    Files.writeString(config, "{\"local\":{\"beatSeconds\":10,\"leaseSeconds\":40}}");
    assertThat(Settings.of(config, Map.of())).isEqualTo(new Settings(10, 40));
    Files.writeString(config, "{\"local.beatSeconds\":5}");
    assertThat(Settings.of(config, Map.of())).isEqualTo(new Settings(5, 20));
    assertThat(
            Settings.of(
                config,
                Map.of(
                    "VAULTLAYER_LOCAL_BEAT_SECONDS", "3", "VAULTLAYER_LOCAL_LEASE_SECONDS", "9")))
        .isEqualTo(new Settings(3, 9));
    assertThatThrownBy(() -> Settings.of(config, Map.of("VAULTLAYER_LOCAL_LEASE_SECONDS", "soon")))
        .hasMessageContaining("VAULTLAYER_LOCAL_LEASE_SECONDS");
    for (var wrong : List.of("\"soon\"", "2.5", "true", "[2]")) {
      Files.writeString(config, "{\"local\":{\"beatSeconds\":" + wrong + "}}");
      assertThatThrownBy(() -> Settings.of(config, Map.of()))
          .isInstanceOf(PlaneRefused.class)
          .hasMessageContaining("local.beatSeconds");
    }
    assertThatThrownBy(() -> new Settings(10, 20)).hasMessageContaining("three beats");
  }

  @Test
  void agentsMayBeToldAnotherAddressThanThePlanesOwn() throws Exception {
    var config = directory.resolve("config.json");
    assertThat(Settings.of(config, Map.of()).agentEndpoint()).isEmpty();
    Files.writeString(config, "{\"local\":{\"agentS3Endpoint\":\"http://10.0.0.1:9000\"}}");
    var settings =
        Settings.of(config, Map.of("VAULTLAYER_LOCAL_AGENT_ENDPOINT", "https://door.example"));
    assertThat(settings.agentEndpoint()).contains(URI.create("https://door.example"));
    assertThat(settings.agentS3Endpoint()).contains(URI.create("http://10.0.0.1:9000"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "door",
        "ftp://a:1",
        "http:///x",
        "http://a/b",
        "http://u:secret@a",
        "http://a?q",
        "a b"
      })
  void anAddressForAgentsIsSchemeHostAndPortAndIsNotRepeatedWhenItIsNot(String text) {
    assertThatThrownBy(() ->
            Settings.of(
                directory.resolve("config.json"), Map.of("VAULTLAYER_LOCAL_AGENT_ENDPOINT", text)))
        .isInstanceOf(PlaneRefused.class)
        .hasMessageContaining("VAULTLAYER_LOCAL_AGENT_ENDPOINT")
        .hasMessageNotContaining(text);
  }

  @Test
  void theHomeIsWhereTheEnvironmentSaysOrTheUsersOwn() {
    assertThat(Home.of(Map.of("VAULTLAYER_HOME", "/somewhere"), "/home/ada").data())
        .isEqualTo(Path.of("/somewhere/local"));
    assertThat(Home.of(Map.of("HOME", "/tmp/else"), "/home/ada").root())
        .isEqualTo(Path.of("/tmp/else/.vaultlayer"));
    assertThat(Home.of(Map.of(), "/home/ada").root()).isEqualTo(Path.of("/home/ada/.vaultlayer"));
    assertThatThrownBy(() -> Home.of(Map.of(), "?"))
        .isInstanceOf(PlaneRefused.class)
        .hasMessageContaining("VAULTLAYER_HOME");
  }

  private static Claimed claim(Home home) {
    return Claimed.take(home, Map.of(), ENTROPY).orElseThrow();
  }

  private static String mode(Path path) throws Exception {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }
}
