"""On SIGTERM it finishes the step, saves, says so and exits with 0: stopped, and not done.

The state is a chain of SHA-256 digests, as in torn_save.py; checkpoints are saved by rename.

Options: --steps N (300), --checkpoint-every N (100), --step-seconds S (0.1).
"""

import argparse
import hashlib
import os
import pathlib
import signal
import sys
import time

parser = argparse.ArgumentParser()
parser.add_argument("--steps", type=int, default=300)
parser.add_argument("--checkpoint-every", type=int, default=100)
parser.add_argument("--step-seconds", type=float, default=0.1)
options = parser.parse_args()

kept = pathlib.Path(os.environ.get("VAULTLAYER_CHECKPOINT_DIR") or "checkpoints")
outputs = pathlib.Path(os.environ.get("VL_OUTPUT_DIR") or "outputs")
asked = []
signal.signal(signal.SIGTERM, lambda *_: asked.append(True))


def save(step, state):
    final = kept / ("checkpoint-%d" % step)
    if not final.exists():
        unfinished = kept / (".tmp-checkpoint-%d-%d" % (step, os.getpid()))
        unfinished.mkdir(parents=True)
        (unfinished / "state").write_bytes(state)
        unfinished.rename(final)


steps = [int(path.name[11:]) for path in kept.glob("checkpoint-*") if path.name[11:].isdigit()]
step, state = max(steps, default=0), b"start"
if step:
    state = (kept / ("checkpoint-%d" % step) / "state").read_bytes()
    print("resuming from checkpoint-%d (step %d)" % (step, step), flush=True)
else:
    print("fresh start", flush=True)
while step < options.steps:
    time.sleep(options.step_seconds)
    state = hashlib.sha256(state + b"%d" % step).digest()
    step += 1
    print("step %d/%d loss %.4f" % (step, options.steps, 1.0 / step), flush=True)
    if step % options.checkpoint_every == 0 or step == options.steps or asked:
        save(step, state)
    if asked:
        print("saved on SIGTERM at step %d" % step, flush=True)
        sys.exit(0)
outputs.mkdir(parents=True, exist_ok=True)
(outputs / "weights.bin").write_bytes(state)
print("final step %d sha256 %s" % (step, hashlib.sha256(state).hexdigest()), flush=True)
