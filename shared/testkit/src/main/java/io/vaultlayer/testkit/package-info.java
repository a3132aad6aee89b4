/**
 * What tests of every room share: hand-written fakes, seeded generators, checkers, and one
 * conformance suite per port that the fake and the real part both pass. Never on a runtime class
 * path.
 */
package io.vaultlayer.testkit;
