/**
 * The vl program, one command per file: parse, call the control plane, render. No decision about a
 * job is taken here.
 */
package io.vaultlayer.cli;
