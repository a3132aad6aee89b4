#!/usr/bin/env python3
"""Train a small neural net on handwritten digits, in plain Python.

Needs Python 3.9 or newer and nothing else; about a minute on one core. The net has 64 pixels in,
64 hidden units (ReLU), 10 classes out (softmax), trained by minibatches with momentum and weight
decay on images that are shifted by up to one pixel at random. Every fifth image is held out, and
the accuracy is that on these.

The script can be killed at any moment. Every --checkpoint-every steps it saves
`checkpoint-<step>/` by writing beside it and renaming, and it starts from the highest one it
finds. A checkpoint holds all that the next step depends on (weights, momentum, the random
generator's state, the shuffled order and the position in it), so a run that was killed ends with
the same bytes as one that was not. To keep that true between machines it uses only + - * / and
comparison on floats, which IEEE 754 defines to the last bit: `math.exp` differs between C
libraries, and `sum` of floats between Python versions.

Where things go:
  VAULTLAYER_CHECKPOINT_DIR, else CHECKPOINT_DIR, else ./checkpoints   the checkpoints
  VL_OUTPUT_DIR, else ./outputs                                        weights.bin

weights.bin is `VLDIGITS`, then three little-endian 32-bit numbers (pixels, hidden units, classes),
then little-endian doubles: first layer by pixel, its biases, second layer by hidden unit, its
biases.
"""

import argparse
import gzip
import hashlib
import json
import math
import os
import pathlib
import random
import re
import shutil
import struct
import sys

PIXELS, HIDDEN, CLASSES = 64, 64, 10
BATCH = 96
HELD_OUT_EVERY = 5
MOMENTUM = 0.9
DECAY = 0.0005
SEED = 20261120
KEPT_CHECKPOINTS = 3
MAGIC = b"VLDIGITS"
LN2 = 0.6931471805599453


def learning_rate(step):
    """Does not depend on --steps, so that a longer run begins like a shorter one."""
    return 0.08 / (1.0 + step / 400.0)


def exp(x):
    """e**x for x <= 0, correct to about 15 digits and the same bits on every machine."""
    if x < -700.0:
        return 0.0
    halvings = math.floor(x / LN2 + 0.5)
    r = x - halvings * LN2
    term = total = 1.0
    for k in range(1, 15):
        term *= r / k
        total += term
    return math.ldexp(total, halvings)


# --- data ---------------------------------------------------------------------------------------


def load_digits():
    """Two lists of (pixels 0..1, label): for training and held out."""
    path = pathlib.Path(__file__).resolve().parent / "digits.csv.gz"
    rows = []
    with gzip.open(path, "rt", encoding="ascii") as lines:
        for line in lines:
            values = [int(float(v)) for v in line.split(",")]
            rows.append(([v / 16.0 for v in values[:PIXELS]], values[PIXELS]))
    train = [row for i, row in enumerate(rows) if i % HELD_OUT_EVERY]
    return train, rows[::HELD_OUT_EVERY]


def shifted(pixels, dx, dy):
    """The image as (index, value) of its non-zero pixels, moved; what leaves the frame is lost."""
    out = []
    for index, value in enumerate(pixels):
        if value:
            x, y = index % 8 + dx, index // 8 + dy
            if 0 <= x < 8 and 0 <= y < 8:
                out.append((y * 8 + x, value))
    return out


# --- the net ------------------------------------------------------------------------------------


class Net:
    """Rows of weights: PIXELS rows and a bias row into HIDDEN, HIDDEN rows and a bias row out."""

    def __init__(self, rows):
        self.rows = rows

    @staticmethod
    def shape():
        return [HIDDEN] * (PIXELS + 1) + [CLASSES] * (HIDDEN + 1)

    @classmethod
    def zeros(cls):
        return cls([[0.0] * width for width in cls.shape()])

    @classmethod
    def random(cls, rng):
        net = cls.zeros()
        for i in range(PIXELS):
            net.rows[i] = [rng.uniform(-0.18, 0.18) for _ in range(HIDDEN)]
        for i in range(PIXELS + 1, PIXELS + 1 + HIDDEN):
            net.rows[i] = [rng.uniform(-0.25, 0.25) for _ in range(CLASSES)]
        return net

    def to_bytes(self):
        head = MAGIC + struct.pack("<3I", PIXELS, HIDDEN, CLASSES)
        return head + b"".join(struct.pack("<%dd" % len(row), *row) for row in self.rows)

    @classmethod
    def from_bytes(cls, data):
        head = MAGIC + struct.pack("<3I", PIXELS, HIDDEN, CLASSES)
        if data[: len(head)] != head or len(data) != len(head) + 8 * sum(cls.shape()):
            raise ValueError("not weights of a %d-%d-%d net" % (PIXELS, HIDDEN, CLASSES))
        net, at = cls.zeros(), len(head)
        for i, width in enumerate(cls.shape()):
            net.rows[i] = list(struct.unpack_from("<%dd" % width, data, at))
            at += 8 * width
        return net

    def forward(self, image):
        """Hidden activations and class probabilities of one image given as (index, value)."""
        rows = self.rows
        hidden = rows[PIXELS]
        for index, value in image:
            hidden = [h + value * w for h, w in zip(hidden, rows[index])]
        hidden = [h if h > 0.0 else 0.0 for h in hidden]
        logits = rows[PIXELS + 1 + HIDDEN]
        for j, h in enumerate(hidden):
            if h:
                logits = [z + h * w for z, w in zip(logits, rows[PIXELS + 1 + j])]
        top = max(logits)
        weights = [exp(z - top) for z in logits]
        total = 0.0
        for w in weights:
            total += w
        return hidden, [w / total for w in weights]

    def accumulate(self, gradient, image, label):
        """Adds one image's gradient to `gradient`; gives its loss."""
        hidden, probabilities = self.forward(image)
        loss = -math.log(max(probabilities[label], 1e-300))
        delta = list(probabilities)
        delta[label] -= 1.0
        into, out = gradient.rows, PIXELS + 1
        into[out + HIDDEN] = [g + d for g, d in zip(into[out + HIDDEN], delta)]
        back = [0.0] * HIDDEN
        for j, h in enumerate(hidden):
            if h:
                into[out + j] = [g + h * d for g, d in zip(into[out + j], delta)]
                flow = 0.0
                for w, d in zip(self.rows[out + j], delta):
                    flow += w * d
                back[j] = flow
        into[PIXELS] = [g + b for g, b in zip(into[PIXELS], back)]
        for index, value in image:
            into[index] = [g + value * b for g, b in zip(into[index], back)]
        return loss

    def descend(self, momentum, gradient, rate):
        for i, grads in enumerate(gradient.rows):
            row = self.rows[i]
            speed = [
                MOMENTUM * v + (g / BATCH + DECAY * w)
                for v, g, w in zip(momentum.rows[i], grads, row)
            ]
            momentum.rows[i] = speed
            self.rows[i] = [w - rate * v for w, v in zip(row, speed)]


# --- a run, and its checkpoints -----------------------------------------------------------------


class Run:
    """All that the next step depends on."""

    def __init__(self, examples):
        self.rng = random.Random(SEED)
        self.step = 0
        self.loss = None
        self.net = Net.random(self.rng)
        self.momentum = Net.zeros()
        self.order = list(range(examples))
        self.position = examples  # at the end: the first batch shuffles

    def batch(self, train):
        chosen = []
        for _ in range(BATCH):
            if self.position == len(self.order):
                self.rng.shuffle(self.order)
                self.position = 0
            pixels, label = train[self.order[self.position]]
            self.position += 1
            dx, dy = int(self.rng.random() * 3) - 1, int(self.rng.random() * 3) - 1
            chosen.append((shifted(pixels, dx, dy), label))
        return chosen

    def advance(self, train):
        gradient, loss = Net.zeros(), 0.0
        for image, label in self.batch(train):
            loss += self.net.accumulate(gradient, image, label)
        self.net.descend(self.momentum, gradient, learning_rate(self.step))
        self.step += 1
        self.loss = loss / BATCH

    def files(self):
        version, internal, gauss = self.rng.getstate()
        files = {"weights.bin": self.net.to_bytes(), "momentum.bin": self.momentum.to_bytes()}
        state = {
            "step": self.step,
            "loss": self.loss,
            "rng": [version, list(internal), gauss],
            "order": self.order,
            "position": self.position,
            "sha256": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
        }
        files["state.json"] = (json.dumps(state) + "\n").encode("ascii")
        return files

    @classmethod
    def load(cls, directory):
        state = json.loads((directory / "state.json").read_text("ascii"))
        nets = {}
        for name, digest in state["sha256"].items():
            data = (directory / name).read_bytes()
            if hashlib.sha256(data).hexdigest() != digest:
                raise ValueError("%s does not have the digest that was saved" % name)
            nets[name] = Net.from_bytes(data)
        run = cls(len(state["order"]))
        version, internal, gauss = state["rng"]
        run.rng.setstate((version, tuple(internal), gauss))
        run.step, run.loss = state["step"], state["loss"]
        run.order, run.position = state["order"], state["position"]
        run.net, run.momentum = nets["weights.bin"], nets["momentum.bin"]
        return run


def numbered(directory):
    """(step, path) of the checkpoints there, lowest first."""
    found = []
    for path in directory.iterdir():
        match = re.fullmatch(r"checkpoint-(\d+)", path.name)
        if match and path.is_dir():
            found.append((int(match.group(1)), path))
    return sorted(found)


def write_durably(path, data):
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_directory(path):
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def save(run, directory):
    """Nobody ever sees half a checkpoint: it gets its name only when it is whole."""
    unfinished = directory / (".tmp-checkpoint-%d" % run.step)
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    for name, data in run.files().items():
        write_durably(unfinished / name, data)
    sync_directory(unfinished)
    unfinished.rename(directory / ("checkpoint-%d" % run.step))
    sync_directory(directory)
    for _, path in numbered(directory)[:-KEPT_CHECKPOINTS]:
        # And it loses its name before it is taken apart.
        shutil.rmtree(path.rename(directory / (".tmp-" + path.name)), ignore_errors=True)


def start(directory, examples):
    directory.mkdir(parents=True, exist_ok=True)
    for left_over in directory.glob(".tmp-checkpoint-*"):
        shutil.rmtree(left_over, ignore_errors=True)
    checkpoints = numbered(directory)
    if not checkpoints:
        print("fresh start", flush=True)
        return Run(examples)
    step, path = checkpoints[-1]
    try:
        run = Run.load(path)
    except (OSError, ValueError, KeyError) as error:
        sys.exit("resuming from %s: it is damaged (%s); remove it to start from an earlier one"
                 % (path, error))
    print("resuming from %s (step %d)" % (path.name, step), flush=True)
    return run


def accuracy(net, examples):
    right = 0
    for pixels, label in examples:
        _, probabilities = net.forward(shifted(pixels, 0, 0))
        right += probabilities.index(max(probabilities)) == label
    return right / len(examples)


def at_least_one(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least 1, not %d" % value)
    return value


def main():
    parser = argparse.ArgumentParser(description="Train a small net on handwritten digits.")
    parser.add_argument("--steps", type=at_least_one, default=2000)
    parser.add_argument("--checkpoint-every", type=at_least_one, default=100, metavar="STEPS")
    parser.add_argument("--print-every", type=at_least_one, default=10, metavar="STEPS")
    options = parser.parse_args()

    checkpoints = pathlib.Path(
        os.environ.get("VAULTLAYER_CHECKPOINT_DIR")
        or os.environ.get("CHECKPOINT_DIR")
        or "checkpoints"
    )
    outputs = pathlib.Path(os.environ.get("VL_OUTPUT_DIR") or "outputs")

    train, held_out = load_digits()
    run = start(checkpoints, len(train))
    while run.step < options.steps:
        run.advance(train)
        if run.step % options.print_every == 0 or run.step == options.steps:
            print("step %d/%d loss %.4f" % (run.step, options.steps, run.loss), flush=True)
        if run.step % options.checkpoint_every == 0 or run.step == options.steps:
            save(run, checkpoints)

    weights = run.net.to_bytes()
    outputs.mkdir(parents=True, exist_ok=True)
    write_durably(outputs / "weights.bin", weights)
    print("final step %d loss %.4f accuracy %.4f sha256 %s"
          % (run.step, run.loss, accuracy(run.net, held_out), hashlib.sha256(weights).hexdigest()),
          flush=True)


if __name__ == "__main__":
    main()
