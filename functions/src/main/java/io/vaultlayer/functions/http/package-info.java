/** HTTP in and out of a function: API Gateway's event, and the contract's errors. */
package io.vaultlayer.functions.http;
