package io.vaultlayer.agent.checkpoint;

/**
 * The bucket answered, and what it holds is not what was committed: an object is missing, has
 * another size or digest, or the manifest is unreadable or names what it may not. The message is
 * the problem, fit for a condemn. Trouble on the way to the bucket is never this.
 */
public final class DamagedCheckpoint extends Exception {
  private static final long serialVersionUID = 1L;

  public DamagedCheckpoint(String problem) {
    super(problem);
  }
}
