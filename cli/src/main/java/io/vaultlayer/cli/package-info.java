/** The program {@code vl}: one command per file; each parses, calls the control plane, renders. */
package io.vaultlayer.cli;
