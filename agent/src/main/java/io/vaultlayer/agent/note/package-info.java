/** What the agent writes about itself, for the people who run the plane. Never a secret. */
package io.vaultlayer.agent.note;
