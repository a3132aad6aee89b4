"""Starts children that a kill of the process group does not reach, then trains.

One child leads a session of its own, one a process group of its own, and one grandchild has
become a daemon: its parent is gone, it is in another session, and its standard streams are
closed. Each has the --marker in its command line, prints as `child KIND pid N`, and ends by itself
after --child-seconds, so that a failed test leaves nothing for ever. Checkpoints are saved by
rename.

Options: --steps N (300), --checkpoint-every N (20), --step-seconds S (0.1), --marker TEXT
(vl-child), --child-seconds S (300).
"""

import argparse
import os
import pathlib
import subprocess
import sys
import time

parser = argparse.ArgumentParser()
parser.add_argument("--steps", type=int, default=300)
parser.add_argument("--checkpoint-every", type=int, default=20)
parser.add_argument("--step-seconds", type=float, default=0.1)
parser.add_argument("--marker", default="vl-child")
parser.add_argument("--child-seconds", type=float, default=300.0)
options = parser.parse_args()

SLEEP = [
    sys.executable, "-c", "import sys, time; time.sleep(float(sys.argv[1]))",
    str(options.child_seconds), options.marker,
]
kept = pathlib.Path(os.environ.get("VAULTLAYER_CHECKPOINT_DIR") or "checkpoints")
outputs = pathlib.Path(os.environ.get("VL_OUTPUT_DIR") or "outputs")


def start_daemon():
    """Twice a fork, a session in between; the pid of the grandchild comes back through a pipe."""
    reading, writing = os.pipe()
    middle = os.fork()
    if middle == 0:
        os.setsid()
        grandchild = os.fork()
        if grandchild == 0:
            nothing = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(nothing, stream)
            os.closerange(3, 64)
            os.chdir("/")
            os.execv(SLEEP[0], SLEEP)
        os.write(writing, b"%d" % grandchild)
        os._exit(0)
    os.waitpid(middle, 0)
    os.close(writing)
    pid = int(os.read(reading, 32))
    os.close(reading)
    return pid


print("child session pid %d" % subprocess.Popen(SLEEP, start_new_session=True).pid, flush=True)
print("child group pid %d" % subprocess.Popen(SLEEP, preexec_fn=os.setpgrp).pid, flush=True)
print("child daemon pid %d" % start_daemon(), flush=True)

steps = [int(path.name[11:]) for path in kept.glob("checkpoint-*") if path.name[11:].isdigit()]
step = max(steps, default=0)
print("resuming from checkpoint-%d (step %d)" % (step, step) if step else "fresh start", flush=True)
while step < options.steps:
    time.sleep(options.step_seconds)
    step += 1
    print("step %d/%d loss %.4f" % (step, options.steps, 1.0 / step), flush=True)
    if step % options.checkpoint_every == 0 or step == options.steps:
        unfinished = kept / (".tmp-checkpoint-%d-%d" % (step, os.getpid()))
        unfinished.mkdir(parents=True)
        (unfinished / "state").write_text(str(step))
        unfinished.rename(kept / ("checkpoint-%d" % step))
outputs.mkdir(parents=True, exist_ok=True)
(outputs / "weights.bin").write_bytes(b"%d" % step)
print("final step %d" % step, flush=True)
