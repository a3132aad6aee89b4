package io.vaultlayer.functions.provisioner;

import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.place.Exclusions.Exclusion;
import io.vaultlayer.core.port.Provider.Creation;
import io.vaultlayer.core.port.Provider.Refusal;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.state.Control;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Providers that refused a job for a reason which asking again at once does not change. They are
 * left out for this job for a while, and the user is told why.
 */
final class Bars {
  /** The user may mend an account at any time: asked again soon, but not with every look. */
  private static final Duration ACCOUNT = Duration.ofMinutes(10);

  /** Only a new release mends a request that is wrong. */
  private static final Duration INVALID = Duration.ofHours(1);

  private final Platform platform;
  private final Control control;

  Bars(Platform platform, Control control) {
    this.platform = platform;
    this.control = control;
  }

  /** True when the provider is left out from now on. */
  boolean bar(Lease lease, String provider, Creation.Refused refused) {
    var time =
        switch (refused.why()) {
          case ACCOUNT -> ACCOUNT;
          case INVALID -> INVALID;
          case NO_CAPACITY, THROTTLED -> Duration.ZERO;
        };
    if (time.isZero()) {
      return false;
    }
    var whose = refused.why() == Refusal.ACCOUNT ? "the account" : "the request";
    var reason = "it refused " + whose + ": " + refused.detail();
    var bar =
        new Exclusion(provider, Optional.empty(), platform.clock().instant().plus(time), reason);
    control.records().bar(lease.job(), bar);
    control
        .records()
        .warnings(
            lease.job(),
            lease.epoch(),
            List.of(
                "provider "
                    + provider
                    + " is left out for "
                    + time.toMinutes()
                    + " minutes: "
                    + reason));
    return true;
  }
}
