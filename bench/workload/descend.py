#!/usr/bin/env python3
"""bench/chaos' training: logistic regression by gradient descent, standard library only.

Every step's examples are made from the seed and the step's number, so a resumed run and one that was
never interrupted end with the same bits, and a step that is left out or done twice ends with others.
A checkpoint carries its own digest: one that was torn or changed is refused with exit code 1.

--witness FILE gets a line `ATTEMPT STEP` for each step, outside of everything that the product
keeps: it is how a bench knows what was trained twice.
"""

import argparse
import hashlib
import math
import os
import pathlib
import random
import shutil
import struct
import sys
import time

FEATURES = 12
BATCH = 8
RATE = 0.05
KEPT_CHECKPOINTS = 3


def batch(seed, step):
    """Examples of one step: (features, label) pairs."""
    chance = random.Random(f"{seed}/{step}")
    for _ in range(BATCH):
        x = [chance.uniform(-1, 1) for _ in range(FEATURES)]
        yield x, 1.0 if sum(x[::2]) > sum(x[1::2]) else 0.0


def descend(weights, seed, step):
    """One step of gradient descent, in place. Returns the mean loss."""
    loss = 0.0
    for x, label in batch(seed, step):
        guess = 1.0 / (1.0 + math.exp(-sum(w * v for w, v in zip(weights, x))))
        loss -= math.log(max(guess if label else 1.0 - guess, 1e-12))
        for at, v in enumerate(x):
            weights[at] += RATE * (label - guess) * v
    return loss / BATCH


def packed(weights):
    return struct.pack(f"<{FEATURES}d", *weights)


def save(kept, step, weights, kilobytes):
    """Writes beside and renames; a half-written one is never seen under its name."""
    writing = kept / f".writing-{step}-{os.getpid()}"
    shutil.rmtree(writing, ignore_errors=True)
    writing.mkdir(parents=True)
    state = packed(weights)
    (writing / "state.bin").write_bytes(hashlib.sha256(state).digest() + state)
    (writing / "ballast.bin").write_bytes(hashlib.shake_256(state).digest(kilobytes << 10))
    writing.rename(kept / f"checkpoint-{step}")
    for old in steps(kept)[:-KEPT_CHECKPOINTS]:
        shutil.rmtree(kept / f"checkpoint-{old}", ignore_errors=True)


def steps(kept):
    """Steps of the checkpoints that are there, oldest first."""
    return sorted(int(path.name[11:]) for path in kept.glob("checkpoint-*"))


def restore(kept, kilobytes):
    """(step, weights) of the newest checkpoint, or of a fresh start."""
    there = steps(kept)
    if not there:
        return 0, [0.0] * FEATURES
    folder = kept / f"checkpoint-{there[-1]}"
    held = (folder / "state.bin").read_bytes()
    digest, state = held[:32], held[32:]
    if hashlib.sha256(state).digest() != digest:
        sys.exit(f"checkpoint-{there[-1]} is damaged: its state is not what was saved")
    if (folder / "ballast.bin").read_bytes() != hashlib.shake_256(state).digest(kilobytes << 10):
        sys.exit(f"checkpoint-{there[-1]} is damaged: its ballast is not what was saved")
    return there[-1], list(struct.unpack(f"<{FEATURES}d", state))


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--seed", type=int, required=True)
    options.add_argument("--steps", type=int, required=True)
    options.add_argument("--checkpoint-every", type=int, default=10)
    options.add_argument("--seconds-per-step", type=float, default=0.0)
    options.add_argument("--kilobytes", type=int, default=64, help="ballast of a checkpoint")
    options.add_argument("--witness", type=pathlib.Path)
    args = options.parse_args()
    kept = pathlib.Path(os.environ.get("VAULTLAYER_CHECKPOINT_DIR", "checkpoints"))
    outputs = pathlib.Path(os.environ.get("VL_OUTPUT_DIR", "outputs"))
    attempt = os.environ.get("VAULTLAYER_ATTEMPT", "1")
    kept.mkdir(parents=True, exist_ok=True)
    step, weights = restore(kept, args.kilobytes)
    witness = os.open(args.witness, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600) if args.witness else None
    print(f"resuming after step {step}" if step else "fresh start", flush=True)
    while step < args.steps:
        time.sleep(args.seconds_per_step)
        loss = descend(weights, args.seed, step)
        step += 1
        if witness is not None:
            os.write(witness, f"{attempt} {step}\n".encode())
        print(f"step {step}/{args.steps} loss {loss:.4f}", flush=True)
        if step % args.checkpoint_every == 0 or step == args.steps:
            save(kept, step, weights, args.kilobytes)
    outputs.mkdir(parents=True, exist_ok=True)
    (outputs / "weights.bin").write_bytes(packed(weights))
    return 0


if __name__ == "__main__":
    sys.exit(main())
