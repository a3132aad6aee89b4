/** The event bus: patterns and schedules, each sending to queues. */
package io.vaultlayer.local.bus;
