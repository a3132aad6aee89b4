package io.vaultlayer.agent.checkpoint;

import io.vaultlayer.wire.Manifest;

/**
 * What of a transfer is done, for an agent that has to go on with it after this one was ended. A
 * line that is lost costs sending again, never more.
 */
interface Journal {
  void stored(Manifest.File file, Digest.Whole digest);

  void opened(String path, String key, String uploadId);

  void part(String path, int number, PartUpload.Sent sent);

  void dropped(String path);

  /** Nobody will go on with it. */
  Journal NONE =
      new Journal() {
        @Override
        public void stored(Manifest.File file, Digest.Whole digest) {}

        @Override
        public void opened(String path, String key, String uploadId) {}

        @Override
        public void part(String path, int number, PartUpload.Sent sent) {}

        @Override
        public void dropped(String path) {}
      };
}
