/**
 * The bucket as the agent sees it: a small S3 client with an HTTP/1.1 and a signer of its own.
 *
 * <p>No SDK and no java.net.http, because the agent has to be up within 0.6 s of CPU; no
 * HttpURLConnection, because it copies every body twice and waits for ever for a store that takes
 * nothing (docs/decisions/0008).
 */
package io.vaultlayer.agent.s3;
