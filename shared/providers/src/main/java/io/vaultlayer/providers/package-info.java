/**
 * The provider port and one file per provider of machines. Each opens with the facts a maintainer
 * needs: API version, rate limits, what makes a create safe to repeat, how not-found looks.
 */
package io.vaultlayer.providers;
