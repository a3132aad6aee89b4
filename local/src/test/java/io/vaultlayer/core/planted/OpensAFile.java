package io.vaultlayer.core.planted;

/** Breaks the rule that core touches no file. */
public record OpensAFile(java.nio.file.Path path) {}
