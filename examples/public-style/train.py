#!/usr/bin/env python3
# GPU:      none (the class `cpu` is enough)
# Memory:   20 MB
# Duration: about twenty seconds
"""Which iris is it? Softmax regression on four measurements, in plain Python.

Written the way that scripts for resumable jobs commonly are: it keeps `checkpoint-<step>/`
directories under $CHECKPOINT_DIR, picks the one with the highest number when it starts, says
`Resuming from <path>`, and prints as it goes. It imports nothing of VaultLayer.
"""

import csv
import hashlib
import json
import math
import os
import pathlib
import shutil

STEPS = int(os.environ.get("STEPS", "40000"))
SAVE_EVERY = int(os.environ.get("SAVE_EVERY", "2000"))
RATE, MOMENTUM = 0.02, 0.9

CHECKPOINT_DIR = pathlib.Path(os.environ.get("CHECKPOINT_DIR", "./checkpoints"))
OUTPUT_DIR = pathlib.Path(os.environ.get("VL_OUTPUT_DIR", "./outputs"))


def load_irises():
    """(four measurements around zero and a 1 for the bias, species 0..2) of 150 flowers."""
    path = pathlib.Path(__file__).resolve().parent / "iris.csv"
    with open(path, newline="", encoding="ascii") as file:
        rows = list(csv.reader(file))[1:]
    middle = (5.8, 3.0, 3.8, 1.2)
    return [([float(v) - m for v, m in zip(row, middle)] + [1.0], int(row[4])) for row in rows]


def probabilities(weights, features):
    scores = []
    for row in weights:
        score = 0.0
        for w, x in zip(row, features):
            score += w * x
        scores.append(score)
    top = max(scores)
    powers = [math.exp(score - top) for score in scores]
    total = math.fsum(powers)
    return [power / total for power in powers]


def gradient_of(weights, flowers):
    gradient, loss = [[0.0] * 5 for _ in range(3)], 0.0
    for features, species in flowers:
        guess = probabilities(weights, features)
        loss -= math.log(guess[species])
        for k, row in enumerate(gradient):
            error = guess[k] - (k == species)
            gradient[k] = [g + error * x for g, x in zip(row, features)]
    return gradient, loss / len(flowers)


def step_of(path):
    suffix = path.name.rpartition("-")[2]
    return int(suffix) if suffix.isdigit() else 0


def latest_checkpoint():
    return max(CHECKPOINT_DIR.glob("checkpoint-*"), key=step_of, default=None)


def save(step, weights, speed):
    unfinished = CHECKPOINT_DIR / ".saving"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    state = {"global_step": step, "weights": weights, "speed": speed}
    (unfinished / "trainer_state.json").write_text(json.dumps(state))
    unfinished.rename(CHECKPOINT_DIR / f"checkpoint-{step}")


def main():
    step, weights, speed = 0, [[0.0] * 5 for _ in range(3)], [[0.0] * 5 for _ in range(3)]
    latest = latest_checkpoint()
    if latest:
        print(f"Resuming from {latest}", flush=True)
        state = json.loads((latest / "trainer_state.json").read_text())
        step, weights, speed = state["global_step"], state["weights"], state["speed"]
    else:
        print("Starting fresh", flush=True)

    flowers = load_irises()
    train = [flower for i, flower in enumerate(flowers) if i % 5]
    while step < STEPS:
        gradient, loss = gradient_of(weights, train)
        speed = [
            [MOMENTUM * v + g / len(train) for v, g in zip(*rows)] for rows in zip(speed, gradient)
        ]
        weights = [[w - RATE * v for w, v in zip(ws, vs)] for ws, vs in zip(weights, speed)]
        step += 1
        if step % 200 == 0:
            print(f"step {step}/{STEPS} loss {loss:.4f}", flush=True)
        if step % SAVE_EVERY == 0:
            save(step, weights, speed)

    right = 0
    for features, species in flowers[::5]:
        guess = probabilities(weights, features)
        right += guess.index(max(guess)) == species
    text = json.dumps(weights)
    OUTPUT_DIR.mkdir(parents=True, exist_ok=True)
    (OUTPUT_DIR / "weights.json").write_text(text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    print(f"Done at step {step}: {right} of 30 held-out irises right, sha256 {digest}", flush=True)


if __name__ == "__main__":
    main()
