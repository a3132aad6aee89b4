package io.vaultlayer.tests;

/**
 * What one row came to.
 *
 * @param row its name
 * @param stepAtKill the last step that was seen done at the kill; null where none was told
 * @param resumedFrom steps done in the checkpoint that the second attempt began from
 * @param equal whether the final weights are bit for bit those of a run that nobody disturbed
 * @param secondsLost work done again; null where the script told no times
 * @param secondsToGoOn from the kill or notice to the first moment of the resumed loop
 * @param note what the agent decided at a notice, in its own words; null where it decided nothing
 * @param date the day on which it was run, UTC
 * @param agent which sources of the agent it ran, as git names them: see {@link MatrixRecord}
 */
record MatrixResult(
    String row,
    Long stepAtKill,
    long resumedFrom,
    boolean equal,
    Double secondsLost,
    double secondsToGoOn,
    String note,
    String date,
    String agent) {}
