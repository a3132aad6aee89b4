"""Saves without a rename, slowly, so that a kill lands inside a save.

`checkpoint-<step>/` is there from the first moment of a save; its parts arrive one by one, and
the file `done` comes last. Only a directory with `done` is resumed from; a torn one of the same
step is written again. The state is a chain of SHA-256 digests, so a step that is skipped, done
twice or resumed from the wrong place changes the end. `begin save N` and `end save N` are printed
around each save, for a test that wants to kill in between.

Options: --steps N (60), --checkpoint-every N (10), --step-seconds S (0.1), --save-seconds S (2).
"""

import argparse
import hashlib
import os
import pathlib
import re
import shutil
import time

PARTS = 8

parser = argparse.ArgumentParser()
parser.add_argument("--steps", type=int, default=60)
parser.add_argument("--checkpoint-every", type=int, default=10)
parser.add_argument("--step-seconds", type=float, default=0.1)
parser.add_argument("--save-seconds", type=float, default=2.0)
options = parser.parse_args()

kept = pathlib.Path(os.environ.get("VAULTLAYER_CHECKPOINT_DIR") or "checkpoints")
outputs = pathlib.Path(os.environ.get("VL_OUTPUT_DIR") or "outputs")


def resume():
    found = [(0, None)]
    for path in kept.glob("checkpoint-*"):
        if re.fullmatch(r"checkpoint-\d+", path.name) and (path / "done").exists():
            found.append((int(path.name[11:]), path))
    step, path = max(found, key=lambda each: each[0])
    if path is None:
        print("fresh start", flush=True)
        return 0, bytes(32)
    parts = [(path / ("part-%d" % i)).read_bytes() for i in range(PARTS)]
    if (path / "done").read_bytes() != hashlib.sha256(b"".join(parts)).digest():
        raise SystemExit("%s says that it is done, and is not" % path)
    print("resuming from %s (step %d)" % (path.name, step), flush=True)
    return step, b"".join(parts)[:32]


def save(step, state):
    print("begin save %d" % step, flush=True)
    path = kept / ("checkpoint-%d" % step)
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    data = (state * 250)[: PARTS * 1000]
    for i in range(PARTS):
        with open(path / ("part-%d" % i), "wb") as file:
            file.write(data[i * 1000 : i * 1000 + 500])
            file.flush()
            time.sleep(options.save_seconds / PARTS)
            file.write(data[i * 1000 + 500 : i * 1000 + 1000])
    (path / "done").write_bytes(hashlib.sha256(data).digest())
    print("end save %d" % step, flush=True)


step, state = resume()
while step < options.steps:
    time.sleep(options.step_seconds)
    state = hashlib.sha256(state + b"%d" % step).digest()
    step += 1
    print("step %d/%d loss %.4f" % (step, options.steps, 1.0 / step), flush=True)
    if step % options.checkpoint_every == 0 or step == options.steps:
        save(step, state)
outputs.mkdir(parents=True, exist_ok=True)
(outputs / "weights.bin").write_bytes(state)
print("final step %d sha256 %s" % (step, hashlib.sha256(state).hexdigest()), flush=True)
