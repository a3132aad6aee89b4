package io.vaultlayer.agent.gate;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * {@code torch.distributed.checkpoint}: {@code __<rank>_<n>.distcp} of every rank, then {@code
 * .metadata} by rename once all have reported. A rank that had nothing to write leaves an empty
 * file, which is no sign of anything.
 */
final class DistributedTorchLayout implements Layout {
  private static final String METADATA = ".metadata";
  private static final Pattern SHARD = Pattern.compile("__(\\d+)_\\d+\\.distcp");
  private static final Pattern OWN_METADATA = Pattern.compile("__(\\d+)\\.metadata");

  @Override
  public Finding look(String directory, Contents all, OptionalInt world) {
    TreeSet<Integer> ranks = all.ranks(directory, SHARD);
    if (ranks.isEmpty()) {
      return Finding.nothing();
    }
    OptionalInt rank = Contents.Ranks.missing(ranks, OptionalInt.empty());
    if (rank.isPresent()) {
      return new Finding.Incomplete(
          directory + ": the files of rank " + rank.getAsInt() + " are missing");
    }
    Map<String, Part> files = all.in(directory);
    TreeSet<Integer> own = all.ranks(directory, OWN_METADATA);
    if (!own.isEmpty()) {
      // Saved without collectives: each rank commits for itself.
      return own.containsAll(ranks)
          ? Finding.nothing()
          : new Finding.Incomplete(directory + ": the metadata of a rank is missing");
    }
    Part metadata = files.get(METADATA);
    if (metadata == null) {
      return new Finding.Incomplete(
          directory + ": .metadata, which is written once every rank is done, is missing");
    }
    for (Part part : files.values()) {
      if (SHARD.matcher(part.name()).matches() && part.modifiedNanos() > metadata.modifiedNanos()) {
        return new Finding.Incomplete(
            part.path() + " is newer than .metadata: it is being saved anew");
      }
    }
    return Finding.proven();
  }

  @Override
  public Optional<String> framework(String directory, Contents all) {
    return all.find(directory, METADATA).isEmpty() || all.ranks(directory, SHARD).isEmpty()
        ? Optional.empty()
        : Optional.of("torch.distributed");
  }
}
