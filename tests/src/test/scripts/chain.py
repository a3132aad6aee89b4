"""Steps of a chain of SHA-256 digests: cheap, and a step done twice or left out changes the end.

Saves `checkpoint-<step>/` by rename, with --megabytes of numbers made from the state beside it, so
that an upload can be caught half-way. Resumes from the newest one in the kept folder.

Options: --steps N (100), --every N (10), --step-seconds S (0.05), --megabytes N (0).
"""

import argparse
import hashlib
import os
import pathlib
import shutil
import time

parser = argparse.ArgumentParser()
parser.add_argument("--steps", type=int, default=100)
parser.add_argument("--every", type=int, default=10)
parser.add_argument("--step-seconds", type=float, default=0.05)
parser.add_argument("--megabytes", type=int, default=0)
options = parser.parse_args()

kept = pathlib.Path(os.environ.get("VAULTLAYER_CHECKPOINT_DIR") or "checkpoints")
outputs = pathlib.Path(os.environ.get("VL_OUTPUT_DIR") or "outputs")


def ballast(state):
    """As many bytes as asked for, different for every state, made fast."""
    block = hashlib.shake_256(state).digest(1 << 20)
    for n in range(options.megabytes):
        yield n.to_bytes(8, "little") + block[8:]


def save(step, state):
    unfinished = kept / (".tmp-checkpoint-%d-%d" % (step, os.getpid()))
    unfinished.mkdir(parents=True)
    (unfinished / "state").write_bytes(state)
    if options.megabytes:
        with open(unfinished / "ballast", "wb") as file:
            file.writelines(ballast(state))
    unfinished.rename(kept / ("checkpoint-%d" % step))
    for old in kept.glob("checkpoint-*"):
        if options.megabytes and int(old.name[11:]) < step - 2 * options.every:
            shutil.rmtree(old, ignore_errors=True)


step = max((int(path.name[11:]) for path in kept.glob("checkpoint-*")), default=0)
state = (kept / ("checkpoint-%d" % step) / "state").read_bytes() if step else bytes(32)
print("resuming from checkpoint-%d" % step if step else "fresh start", flush=True)
while step < options.steps:
    time.sleep(options.step_seconds)
    state = hashlib.sha256(state + b"%d" % step).digest()
    step += 1
    print("step %d/%d loss %.4f" % (step, options.steps, 1.0 / step), flush=True)
    if step % options.every == 0 or step == options.steps:
        save(step, state)
outputs.mkdir(parents=True, exist_ok=True)
(outputs / "weights.bin").write_bytes(state)
print("final step %d sha256 %s" % (step, hashlib.sha256(state).hexdigest()), flush=True)
