/** Queues: the server, the senders, and the pollers that turn messages into invocations. */
package io.vaultlayer.local.queue;
