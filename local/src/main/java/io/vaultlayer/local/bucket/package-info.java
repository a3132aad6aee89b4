/**
 * The bucket: an S3 server on the file system, with one identity for the plane and one for each
 * attempt, and rules of who may do what.
 */
package io.vaultlayer.local.bucket;
