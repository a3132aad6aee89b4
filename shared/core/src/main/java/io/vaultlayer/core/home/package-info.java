/** Where a user's files lie: one rule for the command line and for the plane that it starts. */
package io.vaultlayer.core.home;
