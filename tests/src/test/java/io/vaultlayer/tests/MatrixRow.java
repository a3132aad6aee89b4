package io.vaultlayer.tests;

import java.util.ArrayList;
import java.util.List;

/** One cell of the matrix: what is run, how it is started, and what happens to it. */
record MatrixRow(MatrixScript script, Start start, Fault fault) {
  /** How the user starts it. */
  enum Start {
    PYTHON("1 process"),
    MODULE("1 process, python -m"),
    OLD_PACKAGE("1 process, pytorch_lightning"),
    TORCHRUN("2 ranks, torchrun"),
    ACCELERATE_LAUNCH("2 ranks, accelerate launch");

    final String title;

    Start(String title) {
      this.title = title;
    }
  }

  enum Fault {
    BETWEEN_SAVES("kill between saves"),
    NOTICE("SIGTERM with notice"),
    INSIDE_SAVE("kill inside a save"),
    INSIDE_UPLOAD("kill inside the upload");

    final String title;

    Fault(String title) {
      this.title = title;
    }
  }

  /**
   * Those that every run of the tests makes: each framework once, each fault, and two ranks. What
   * takes long to start is not taken for the two ranks. Two scripts are left to the whole matrix:
   * the Trainer loses its machine twice in {@link RehearseTest}, and a loop that saves by itself is
   * met in {@link StylesTest}.
   */
  static List<MatrixRow> usual() {
    return List.of(
        new MatrixRow(MatrixScript.LIGHTNING, Start.PYTHON, Fault.INSIDE_SAVE),
        new MatrixRow(MatrixScript.TRL_SFT, Start.PYTHON, Fault.INSIDE_UPLOAD),
        new MatrixRow(MatrixScript.DCP, Start.TORCHRUN, Fault.INSIDE_SAVE),
        new MatrixRow(MatrixScript.ORBAX, Start.PYTHON, Fault.NOTICE),
        new MatrixRow(MatrixScript.ACCELERATE, Start.PYTHON, Fault.BETWEEN_SAVES),
        new MatrixRow(MatrixScript.DEEPSPEED, Start.PYTHON, Fault.NOTICE),
        new MatrixRow(MatrixScript.FLAX, Start.PYTHON, Fault.BETWEEN_SAVES));
  }

  /** All of them; the most telling first, because a limit of time may cut the rest. */
  static List<MatrixRow> all() {
    var rows = new ArrayList<MatrixRow>();
    for (var fault : Fault.values()) {
      for (var script : MatrixScript.values()) {
        rows.add(new MatrixRow(script, Start.PYTHON, fault));
      }
    }
    var between = Fault.BETWEEN_SAVES;
    rows.add(new MatrixRow(MatrixScript.HF_TRAINER, Start.MODULE, between));
    rows.add(new MatrixRow(MatrixScript.ACCELERATE, Start.ACCELERATE_LAUNCH, between));
    rows.add(new MatrixRow(MatrixScript.LIGHTNING, Start.OLD_PACKAGE, between));
    for (var fault : Fault.values()) {
      for (var script : MatrixScript.values()) {
        if (script.ranks) {
          rows.add(new MatrixRow(script, Start.TORCHRUN, fault));
        }
      }
    }
    return rows;
  }

  @Override
  public String toString() {
    return script.title + ", " + start.title + ", " + fault.title;
  }
}
