package io.vaultlayer.core.watch;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.ClassOrderer;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestClassOrder;

/**
 * When the watchdog fences, holds, asks or does nothing, and then the question whether every
 * verdict and every reason was met. Run the class as a whole: the last part counts what the others
 * met.
 */
@TestClassOrder(ClassOrderer.OrderAnnotation.class)
class WatchTest {
  @Nested
  class OneLook extends LookRules {}

  @Nested
  class NoSteps extends StallRules {}

  @Nested
  class Turns extends TurnRules {}

  @Nested
  class MassStaleness extends BreakerRules {}

  @Nested
  @Order(Integer.MAX_VALUE)
  class Coverage {
    @Test
    void everyVerdictWasGiven() {
      assertThat(Looked.verdictsNeverMet()).isEmpty();
    }

    @Test
    void everyReasonWasGiven() {
      assertThat(Looked.reasonsNeverMet()).as("reasons that no test above meets").isEmpty();
    }

    @Test
    void everyWayToTakeOrSkipATurnWasMet() {
      assertThat(Looked.turnsNeverMet()).isEmpty();
    }

    @Test
    void everyReasonHasAMeaningOfItsOwn() {
      assertThat(Reason.values()).extracting(Reason::meaning).doesNotHaveDuplicates();
    }
  }
}
