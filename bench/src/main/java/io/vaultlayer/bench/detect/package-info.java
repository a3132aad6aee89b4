/**
 * How long after its true death an attempt is fenced, and how often one is fenced that lives: the
 * real handlers in virtual time.
 */
package io.vaultlayer.bench.detect;
