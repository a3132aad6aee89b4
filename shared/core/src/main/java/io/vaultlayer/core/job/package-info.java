/** The job machine: states, events, edges, and every decision about a job. */
package io.vaultlayer.core.job;
