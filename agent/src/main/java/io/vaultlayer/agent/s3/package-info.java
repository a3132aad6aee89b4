/**
 * The bucket as the agent sees it: a small S3 client over HttpURLConnection with a signer of its
 * own.
 *
 * <p>No SDK, because the agent has to be up within 0.6 s of CPU: five small PUTs in a fresh JVM
 * cost 0.06 s of CPU this way and 0.30 s with java.net.http (C1, serial collector, JDK 25, two
 * cores).
 */
package io.vaultlayer.agent.s3;
