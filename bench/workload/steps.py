#!/usr/bin/env python3
"""The benches' training script: a line for each step, a checkpoint every few, and no real work.

Its first line is a JSON object with the clock's time, so that a bench can tell when the script
began from when somebody saw it. It also says what its parent, the agent, had cost by then.

    {"started":{"attempt":2,"step":120,"at":1763690000.123,"agentCpuSeconds":0.41,"agentPid":123}}
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import sys
import time

KEPT_CHECKPOINTS = 2


def newest(kept):
    """Steps of the newest checkpoint, or 0."""
    steps = [int(found.group(1)) for found in map(re.compile(r"checkpoint-(\d+)$").match, os.listdir(kept)) if found]
    return max(steps, default=0)


def save(kept, step):
    """Writes beside and renames; a half-written one is never seen under its name."""
    target = kept / f"checkpoint-{step}"
    writing = kept / f".writing-{step}"
    shutil.rmtree(writing, ignore_errors=True)
    writing.mkdir()
    (writing / "state.json").write_text(json.dumps({"step": step}))
    writing.rename(target)
    old = sorted(kept.glob("checkpoint-*"), key=lambda path: int(path.name.rsplit("-", 1)[1]))
    for path in old[:-KEPT_CHECKPOINTS]:
        shutil.rmtree(path, ignore_errors=True)


def cpu_seconds(pid):
    """User and system time of a process, in seconds; None where /proc does not say."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError, ValueError):
        return None


def main():
    began = time.time()
    parent = os.getppid()
    cpu = cpu_seconds(parent)
    options = argparse.ArgumentParser()
    options.add_argument("--steps", type=int, default=3)
    options.add_argument("--seconds-per-step", type=float, default=0.1)
    options.add_argument("--checkpoint-every", type=int, default=5)
    args = options.parse_args()
    kept = pathlib.Path(os.environ.get("VAULTLAYER_CHECKPOINT_DIR", "checkpoints"))
    kept.mkdir(parents=True, exist_ok=True)
    step = newest(kept)
    started = {
        "attempt": int(os.environ.get("VAULTLAYER_ATTEMPT", "1")),
        "step": step,
        "at": began,
        "agentCpuSeconds": cpu,
        "agentPid": parent,
    }
    print(json.dumps({"started": started}), flush=True)
    while step < args.steps:
        time.sleep(args.seconds_per_step)
        step += 1
        if step % args.checkpoint_every == 0:
            save(kept, step)
        print(f"step {step}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
