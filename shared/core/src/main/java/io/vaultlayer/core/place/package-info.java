/** Placement: GPU classes, offers and the choice between them. */
package io.vaultlayer.core.place;
