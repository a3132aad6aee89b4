/** One start of the user's process, from the assignment to the report of its end. */
package io.vaultlayer.agent.attempt;
