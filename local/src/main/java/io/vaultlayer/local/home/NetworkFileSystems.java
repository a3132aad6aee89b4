package io.vaultlayer.local.home;

import io.vaultlayer.local.PlaneRefused;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;

/** Refuses homes on network file systems: locks and fsync there do not keep what they promise. */
final class NetworkFileSystems {
  private static final Set<String> NETWORK =
      Set.of(
          "nfs",
          "nfs4",
          "cifs",
          "smb",
          "smb2",
          "smb3",
          "smbfs",
          "afs",
          "ncpfs",
          "lustre",
          "ceph",
          "glusterfs",
          "gpfs",
          "beegfs",
          "pvfs2",
          "orangefs",
          "9p",
          "fuse.sshfs",
          "fuse.glusterfs",
          "fuse.ceph",
          "fuse.s3fs",
          "fuse.gcsfuse",
          "fuse.rclone",
          "fuse.juicefs",
          "fuse.davfs",
          "davfs",
          "webdav");

  private NetworkFileSystems() {}

  /**
   * @throws PlaneRefused naming the file system's type
   */
  static void refuse(Path directory) {
    String type;
    try {
      type = Files.getFileStore(directory).type();
    } catch (IOException e) {
      throw new PlaneRefused(
          "home_unusable", "looking at the file system of " + directory + ": " + e.getMessage(), e);
    }
    refuse(directory, type);
  }

  static void refuse(Path directory, String type) {
    if (NETWORK.contains(type.toLowerCase(Locale.ROOT))) {
      throw new PlaneRefused(
          "network_home",
          "using "
              + directory
              + ": it lies on a network file system ("
              + type
              + "), which cannot keep the store safe; set VAULTLAYER_HOME to a directory on a local"
              + " disk");
    }
  }
}
