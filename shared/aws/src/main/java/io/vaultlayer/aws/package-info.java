/**
 * The ports on DynamoDB, SQS, EventBridge, S3, STS and Secrets Manager. Each adapter translates and
 * nothing more: conditions come from core, and a refused condition comes back as a value.
 */
package io.vaultlayer.aws;
