#!/usr/bin/env python3
"""The digits again, as a small convolutional net in PyTorch with the three-line helper.

The three lines are the import, restore() and checkpoint(). The helper saves the random states as
well, so the batches drawn after a restore are those of a run that was never killed; with
deterministic algorithms on one thread the final weights are the same bytes.

weights.bin in VL_OUTPUT_DIR (else ./outputs) is `VLTORCH1`, then for each tensor of the model its
name, a zero byte, and its numbers as little-endian 32-bit floats. It is no torch.save file: equal
weights are to give equal bytes, with every version of torch.
"""

import argparse
import gzip
import hashlib
import os
import pathlib
import struct

import torch
from torch import nn

from vaultlayer_checkpoint import restore, checkpoint, CHECKPOINT_DIR

BATCH = 96
SEED = 20261120


def load_digits():
    """Images as floats 0..1 of shape (n, 1, 8, 8), and labels: for training and held out."""
    path = pathlib.Path(__file__).resolve().parent / "digits.csv.gz"
    with gzip.open(path, "rt", encoding="ascii") as lines:
        rows = torch.tensor([[int(v) for v in line.split(",")] for line in lines])
    images = rows[:, :64].reshape(-1, 1, 8, 8).float() / 16
    labels = rows[:, 64]
    held_out = torch.arange(len(rows)) % 5 == 0
    return images[~held_out], labels[~held_out], images[held_out], labels[held_out]


def to_bytes(model):
    out = bytearray(b"VLTORCH1")
    for name, tensor in model.state_dict().items():
        numbers = tensor.detach().cpu().flatten().tolist()
        out += name.encode() + b"\0" + struct.pack("<%df" % len(numbers), *numbers)
    return bytes(out)


def at_least_one(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least 1, not %d" % value)
    return value


def main():
    parser = argparse.ArgumentParser(description="Train a small convolutional net on digits.")
    parser.add_argument("--steps", type=at_least_one, default=2000)
    parser.add_argument("--checkpoint-every", type=at_least_one, default=100, metavar="STEPS")
    parser.add_argument("--print-every", type=at_least_one, default=10, metavar="STEPS")
    options = parser.parse_args()

    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)
    torch.manual_seed(SEED)

    images, labels, held_out_images, held_out_labels = load_digits()
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(0.3), nn.Linear(32 * 4 * 4, 10),
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=500, gamma=0.5)

    start = restore(CHECKPOINT_DIR, model=model, optimizer=optimizer, scheduler=scheduler)
    print("resuming from checkpoint-%d (step %d)" % (start, start) if start else "fresh start",
          flush=True)

    loss = None
    for step in range(start, options.steps):
        chosen = torch.randint(len(images), (BATCH,))
        loss = nn.functional.cross_entropy(model(images[chosen]), labels[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        done = step + 1
        if done % options.print_every == 0 or done == options.steps:
            print("step %d/%d loss %.4f" % (done, options.steps, loss.item()), flush=True)
        if done % options.checkpoint_every == 0 or done == options.steps:
            checkpoint(step=done, model=model, optimizer=optimizer, scheduler=scheduler,
                       loss=loss.item())

    model.eval()
    with torch.no_grad():
        right = (model(held_out_images).argmax(1) == held_out_labels).float().mean().item()
    weights = to_bytes(model)
    outputs = pathlib.Path(os.environ.get("VL_OUTPUT_DIR") or "outputs")
    outputs.mkdir(parents=True, exist_ok=True)
    (outputs / "weights.bin").write_bytes(weights)
    print("final step %d loss %s accuracy %.4f sha256 %s"
          % (max(start, options.steps), "-" if loss is None else "%.4f" % loss.item(), right,
             hashlib.sha256(weights).hexdigest()), flush=True)


if __name__ == "__main__":
    main()
