/** The HTTP API: makes API Gateway's event of a request, and a response of a function's answer. */
package io.vaultlayer.local.http;
