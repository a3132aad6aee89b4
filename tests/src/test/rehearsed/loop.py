"""A small training with a fault of your choice in how it saves and loads; standard library only.

`--fault`: none | never_saves | saves_elsewhere | never_loads | counts_anew | in_place |
forgets_random | fails_on_load | saves_seldom

saves_seldom is a good script on a busy machine, which leaves out saves: its first start keeps
those of odd tens of steps, the next two those of even ones, and all later ones keep all. Which
start it is, it counts in the file that `--starts` names.
"""

import argparse
import fcntl
import json
import os
import pathlib
import random
import shutil
import time

parser = argparse.ArgumentParser()
parser.add_argument("--fault", default="none")
parser.add_argument("--steps", type=int, default=600)
parser.add_argument("--every", type=int, default=10)
parser.add_argument("--step-seconds", type=float, default=0.06)
parser.add_argument("--save-seconds", type=float, default=0.3)
parser.add_argument("--starts")
options = parser.parse_args()
fault = options.fault

kept = pathlib.Path(os.environ["VAULTLAYER_CHECKPOINT_DIR"])
if fault == "saves_elsewhere":
    kept = pathlib.Path("runs/ckpt")
random.seed(7)
weights, momentum = [4.0] * 50, [0.0] * 50


start_number = None


def counted():
    with open(options.starts, "a+") as starts:
        fcntl.flock(starts, fcntl.LOCK_EX)
        starts.seek(0)
        before = len(starts.read())
        starts.write("x")
        return before


def leaves_out(step):
    odd = step // options.every % 2 == 1
    return {None: False, 0: not odd, 1: odd, 2: odd}.get(start_number, False)


def save(step):
    if leaves_out(step):
        return
    data = json.dumps({"step": step, "weights": weights, "momentum": momentum,
                       "random": random.getstate(), "savedAt": time.time()})
    if fault == "in_place":
        write(kept / "state.json", data)
        return
    unfinished, final = kept / (".tmp-%d" % step), kept / ("checkpoint-%d" % step)
    unfinished.mkdir(parents=True, exist_ok=True)
    write(unfinished / "state.json", data)
    shutil.rmtree(final, ignore_errors=True)
    unfinished.rename(final)


def write(path, data):
    with open(path, "w") as file:
        file.write(data[: len(data) // 2])
        file.flush()
        time.sleep(options.save_seconds)
        file.write(data[len(data) // 2 :])


def load():
    if fault in ("never_loads", "never_saves"):
        return 0
    found = sorted(kept.glob("checkpoint-*/state.json"), key=lambda p: int(p.parent.name[11:]))
    found = found or list(kept.glob("state.json"))
    if not found:
        return 0
    if fault == "fails_on_load":
        raise SystemExit("KeyError: 'model' is not in the checkpoint")
    state = json.loads(found[-1].read_text())
    weights[:], momentum[:] = state["weights"], state["momentum"]
    if fault == "counts_anew":
        return 0
    if fault != "forgets_random":
        version, inner, gauss = state["random"]
        random.setstate((version, tuple(inner), gauss))
    print("resuming from %s" % found[-1])
    return state["step"]


first = load()
if fault == "saves_seldom":  # what goes on after a kill leaves out what it did before
    start_number = 1 if first else counted()
for step in range(first + 1, options.steps + 1):
    time.sleep(options.step_seconds)
    rate = 0.05 / (1 + step / 40)
    seen = [weight + random.gauss(0, 0.05) for weight in weights]  # as with dropout
    loss = sum(each * each for each in seen) / len(seen)
    for at, weight in enumerate(weights):
        momentum[at] = 0.8 * momentum[at] + seen[at]
        weights[at] = weight - rate * momentum[at]
    print("step %d/%d loss %.9g lr %.9g" % (step, options.steps, loss, rate), flush=True)
    if step % options.every == 0 and fault != "never_saves":
        save(step)
