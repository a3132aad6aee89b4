"""What a training on one core feels of an upload on the other: step times with and without, ABBA."""

import math
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time

from . import data, servers, tools
from .agent import Agent, Plane
from .data import MIB

RATE_MB = 100  # the byte rate of both uploaders, in 10^6 bytes a second
STEP_SECONDS = 0.02  # about as long as the work of one step takes here
WARM_STEPS = 50

# A training that keeps one core busy: fixed work a step, whose wall time is what is measured.
SCRIPT = """
import hashlib, sys, time
block = bytes(1 << 20)
def work(rounds):
    for _ in range(rounds):
        hashlib.sha256(block).digest()
began = time.perf_counter(); work(50); rounds = max(1, round({step} / ((time.perf_counter() - began) / 50)))
while True:
    began = time.perf_counter()
    work(rounds)
    print(f"{{time.time():.6f}} {{time.perf_counter() - began:.6f}}", flush=True)
"""


class Training:
    def __init__(self):
        self.steps = []
        self.process = subprocess.Popen([sys.executable, "-u", "-c", SCRIPT.format(step=STEP_SECONDS)],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            at, seconds = line.split()
            self.steps.append((float(at), float(seconds)))

    def mean(self, begin, end):
        """Of the steps that ended between two times."""
        inside = [seconds for at, seconds in list(self.steps) if begin + STEP_SECONDS <= at <= end]
        return statistics.mean(inside) if inside else math.nan

    def close(self):
        self.process.kill()
        self.process.wait()


def interval(values):
    """Median, and its 95 % interval by order statistics (binomial), never narrower than that says."""
    ordered = sorted(values)
    n = len(ordered)
    below, k = 0.0, 0
    while k < n // 2 and below + math.comb(n, k) / 2**n <= 0.025:
        below += math.comb(n, k) / 2**n
        k += 1
    low = ordered[max(0, k - 1)]
    high = ordered[min(n - 1, n - k)]
    return statistics.median(ordered), low, high


def measure(args, scratch, program, say):
    size = (128 if args.quick else 384) * MIB
    directory = scratch / "slow"
    directory.mkdir()
    for kind in ("vl", "rclone"):
        data.fill(directory / f"{kind}.bin", size)
    with open(scratch / "slow.log", "wb") as log:
        server = servers.Discarding(scratch, log)
        training = Training()
        try:
            time.sleep(WARM_STEPS * STEP_SECONDS + 1)
            found = {"vl": of(args, say, training, server, "vl", uploads_vl(server, scratch, program, directory / "vl.bin"))}
            if shutil.which("rclone"):
                found["rclone"] = of(args, say, training, server, "rclone",
                                     uploads_rclone(server, directory / "rclone.bin"))
        finally:
            training.close()
            server.close()
            shutil.rmtree(directory)
    found["conditions"] = (f"{size // MIB} MiB a time at {RATE_MB} MB/s into the server that discards (its CPU {found['vl']['serverCpuPercent']:.0f} % "
                           f"of a core beside vl), a training that uses one core of {os.cpu_count()}, nothing pinned")
    return found


def of(args, say, training, server, name, upload):
    """Pairs in the order without, with, with, without; the first upload is not counted."""
    with_, without, server_cpu, took = [], [], [], []
    try:
        next(upload)
        first = next(upload)
        pause = first[1] - first[0]
        for number in range(args.slowdown_pairs):
            for loaded in ((False, True) if number % 2 == 0 else (True, False)):
                if loaded:
                    before = server.cpu()
                    begin, end = next(upload)
                    server_cpu.append((server.cpu() - before) / (end - begin))
                    took.append(end - begin)
                    with_.append(training.mean(begin, end))
                else:
                    begin = time.time()
                    time.sleep(pause)
                    without.append(training.mean(begin, time.time()))
                time.sleep(0.3)
            say(f"slowdown beside {name}, pair {number + 1}: {(with_[-1] / without[-1] - 1) * 100:+.1f} %")
    finally:
        upload.close()
    median, low, high = interval([(a / b - 1) * 100 for a, b in zip(with_, without)])
    return {"percent": round(median, 2), "low": round(low, 2), "high": round(high, 2), "pairs": len(with_),
            "stepSecondsWithout": round(statistics.median(without), 5), "uploadSeconds": round(statistics.median(took), 3),
            "serverCpuPercent": round(100 * statistics.median(server_cpu), 1)}


def uploads_vl(server, scratch, program, file):
    """Yields (begin, end) of one upload after the other by one agent."""
    home = scratch / "slow-vl"
    marker = home / "started"
    plane = Plane(server, ["sh", "-c", f": >{marker}; exec sleep 100000"],
                  {"VAULTLAYER_UPLOAD_MB_PER_SECOND": str(RATE_MB)})
    plane.job_is("job_benchslow")
    agent = Agent(program, home / "one", plane)
    try:
        agent.runs_script(marker, 60)
        yield None
        step = 0
        while True:
            step += 1
            prepared = home / "prepared"
            prepared.mkdir()
            fresh(file, prepared / "model.bin")
            begin = time.time()
            os.rename(prepared, agent.kept / f"checkpoint-{step}")
            plane.until(lambda: step in plane.commits, f"the commit of step {step}", 300, agent)
            yield begin, plane.commits[step][0]
            shutil.rmtree(agent.kept / f"checkpoint-{step}")
    finally:
        agent.close()
        plane.close()
        shutil.rmtree(home, ignore_errors=True)


def fresh(file, target):
    """A copy with other bytes in every part, so that all of it has to be sent."""
    shutil.copyfile(file, target)
    mark = os.urandom(16)
    with open(target, "r+b") as out:
        for at in range(0, os.path.getsize(target), MIB):
            out.seek(at)
            out.write(mark)


def uploads_rclone(server, file):
    rclone = tools.Rclone()
    rclone.extra = [f"--bwlimit={RATE_MB * 1000 * 1000 // 1024}k", "--ignore-times"]
    folder = file.parent / "of-rclone"
    folder.mkdir()
    os.link(file, folder / "model.bin")
    yield None
    number = 0
    while True:
        number += 1
        begin = time.time()
        tools.measured(rclone.command(server, "first", folder, f"slow/{number}/"), rclone.environment(server))
        yield begin, time.time()
