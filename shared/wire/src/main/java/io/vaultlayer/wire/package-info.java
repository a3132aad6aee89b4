/**
 * The JSON records that pass between agent, control plane and command line (contract, sections 1, 3
 * and 5).
 */
package io.vaultlayer.wire;
