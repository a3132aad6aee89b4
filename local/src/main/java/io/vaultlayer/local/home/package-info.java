/** The plane's directory: lock, ports, token, settings, status. */
package io.vaultlayer.local.home;
