/**
 * The agent's side of the Python import hook: what it tells, and what it is asked for. The hook
 * itself is in {@code resources/python}; the files between the two are described in docs/hook.md.
 */
package io.vaultlayer.agent.hook;
