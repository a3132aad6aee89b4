/**
 * A checkpoint's way from the kept directory into the bucket and back: find, snapshot, gate,
 * upload, manifest, commit; and pointer, manifest, files, each verified. The format is {@code
 * docs/storage-format.md}.
 */
package io.vaultlayer.agent.checkpoint;
