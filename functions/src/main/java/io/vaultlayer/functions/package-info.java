/**
 * One package per Lambda function. A handler is a plain class that parses, calls and answers; the
 * Micronaut class around it is a few lines, so that the same handler runs on AWS, in the embedded
 * plane and in the simulator.
 */
package io.vaultlayer.functions;
