package io.vaultlayer.core.job;

/**
 * Faults that can be planted around the machine.
 *
 * @param skipsTheManifest the control plane commits without looking at the manifest
 * @param resumesByListing an attempt starts from the newest checkpoint that it finds in the bucket
 */
record ModelFaults(boolean skipsTheManifest, boolean resumesByListing) {
  static final ModelFaults NONE = new ModelFaults(false, false);
}
