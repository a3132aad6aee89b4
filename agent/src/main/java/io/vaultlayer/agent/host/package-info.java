/**
 * The processes of one host: starting them without a shell, knowing how they ended, and ending all
 * of them. Linux only: it reads {@code /proc} and calls the C library directly, because the JDK
 * cannot send a signal to a group, cannot start a session, and cannot tell a death by signal 9 from
 * an exit with code 137.
 */
package io.vaultlayer.agent.host;
