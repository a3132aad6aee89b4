/**
 * Reads template.yaml into what the plane runs. A resource, event type, property or intrinsic that
 * is neither honoured nor knowingly ignored ({@link io.vaultlayer.local.template.Honoured}) stops
 * the start, by name.
 */
package io.vaultlayer.local.template;
