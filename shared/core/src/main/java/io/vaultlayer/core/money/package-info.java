/** What a job may spend, what is reserved of it, and what it cost. */
package io.vaultlayer.core.money;
