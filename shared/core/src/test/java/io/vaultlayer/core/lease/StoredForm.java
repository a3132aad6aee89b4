package io.vaultlayer.core.lease;

import io.vaultlayer.core.port.Item;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A lease as a store hands it back: another tree, of nothing but what JSON knows. */
public final class StoredForm {
  private StoredForm() {}

  /** Fields in another order, as a store may have them. */
  public static Item item(Lease lease) {
    return item(lease, false);
  }

  /** As from a store that knows one kind of number: whole decimals come back as integers. */
  public static Item itemOfOneKindOfNumber(Lease lease) {
    return item(lease, true);
  }

  private static Item item(Lease lease, boolean oneKindOfNumber) {
    var tree = new TreeMap<String, Object>();
    LeaseCodec.attributes(lease).forEach((k, v) -> tree.put(k, copy(v, oneKindOfNumber)));
    return new Item(
        LeaseCodec.key(lease.job()),
        lease.sequence(),
        new LinkedHashMap<>(tree),
        LeaseCodec.due(lease));
  }

  private static Object copy(Object value, boolean oneKindOfNumber) {
    return switch (value) {
      case String s -> s;
      case Long n -> n;
      case Boolean b -> b;
      case Double d when !Double.isFinite(d) ->
          throw new AssertionError(d + " has no place in a store");
      case Double d when oneKindOfNumber && d == Math.rint(d) -> d.longValue();
      case Double d -> d;
      case List<?> l -> l.stream().map(v -> copy(v, oneKindOfNumber)).toList();
      case Map<?, ?> m -> {
        var copied = new TreeMap<String, Object>();
        m.forEach((k, v) -> copied.put((String) k, copy(v, oneKindOfNumber)));
        yield copied;
      }
      default -> throw new AssertionError(value.getClass() + " is nothing that JSON knows");
    };
  }
}
