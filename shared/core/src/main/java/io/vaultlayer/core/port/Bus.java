package io.vaultlayer.core.port;

/**
 * Publishes lifecycle events (contract, section 4). Events are hints: they may be lost or doubled.
 */
public interface Bus {
  /**
   * @param detailType one of the contract's detail types
   * @param detailJson the event's detail, a JSON object of at most 64 KiB without secrets
   * @throws TransportUnavailable when no answer came
   */
  void publish(String detailType, String detailJson);
}
