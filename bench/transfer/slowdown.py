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

RATES_MB = (100,)  # byte rates of both uploaders, in 10^6 bytes a second
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
    began, cpu = time.perf_counter(), time.process_time()
    work(rounds)
    print(f"{{time.time():.6f}} {{time.perf_counter() - began:.6f}} {{time.process_time() - cpu:.6f}}", flush=True)
"""


def limit_server():
    """A real one is another machine: this one gets one core, and only what nobody else wants of it."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    os.nice(19)


class Training:
    def __init__(self):
        self.steps = []
        self.process = subprocess.Popen([sys.executable, "-u", "-c", SCRIPT.format(step=STEP_SECONDS)],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.steps.append(tuple(float(word) for word in line.split()))

    def mean(self, begin, end):
        """(wall seconds, CPU seconds) of the steps that ended between two times."""
        inside = [step[1:] for step in list(self.steps) if begin + STEP_SECONDS <= step[0] <= end]
        return tuple(statistics.mean(column) for column in zip(*inside)) if inside else (math.nan, math.nan)

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
    size = (128 if args.quick else 256) * MIB
    directory = scratch / "slow"
    directory.mkdir()
    for kind in ("vl", "rclone"):
        data.fill(directory / f"{kind}.bin", size)
    rates = args.slowdown_rate or RATES_MB
    found = []
    with open(scratch / "slow.log", "wb") as log:
        server = servers.Discarding(scratch, log, limit_server)
        training = Training()
        try:
            time.sleep(WARM_STEPS * STEP_SECONDS + 1)
            for rate in rates:
                found.append(("vl", rate, of(args, say, training, server, "vl", rate,
                                             uploads_vl(server, scratch, program, directory / "vl.bin", rate))))
                if shutil.which("rclone"):
                    found.append(("rclone", rate, of(args, say, training, server, "rclone", rate,
                                                     uploads_rclone(server, directory, rate))))
        finally:
            training.close()
            server.close()
            shutil.rmtree(directory)
    return {"rows": [{"tool": tool, "rateMB": rate, **one} for tool, rate, one in found],
            "conditions": f"{size // MIB} MiB a time into the server that discards, which is bound to one core at nice 19; "
                          f"a training that uses one core of {os.cpu_count()}, bound to none"}


def of(args, say, training, server, name, rate, upload):
    """Pairs in the order without, with, with, without; the first upload is not counted."""
    with_, without, server_cpu, uploader_cpu, took = [], [], [], [], []
    try:
        next(upload)
        first = next(upload)
        pause = first[1] - first[0]
        for number in range(args.slowdown_pairs):
            for loaded in ((False, True) if number % 2 == 0 else (True, False)):
                if loaded:
                    before = server.cpu()
                    begin, end, cpu = next(upload)
                    server_cpu.append((server.cpu() - before) / (end - begin))
                    uploader_cpu.append(cpu / (end - begin))
                    took.append(end - begin)
                    with_.append(training.mean(begin, end))
                else:
                    begin = time.time()
                    time.sleep(pause)
                    without.append(training.mean(begin, time.time()))
                time.sleep(0.3)
            say(f"slowdown beside {name} at {rate} MB/s, pair {number + 1}: {(with_[-1][0] / without[-1][0] - 1) * 100:+.1f} %")
    finally:
        upload.close()
    percents = lambda which: [(a[which] / b[which] - 1) * 100 for a, b in zip(with_, without)]
    median, low, high = interval(percents(0))
    cpu, cpu_low, cpu_high = interval(percents(1))
    return {"percent": round(median, 2), "low": round(low, 2), "high": round(high, 2), "pairs": len(with_),
            "cpuPercent": round(cpu, 2), "cpuLow": round(cpu_low, 2), "cpuHigh": round(cpu_high, 2),
            "stepSecondsWithout": round(statistics.median(one[0] for one in without), 5),
            "uploadSeconds": round(statistics.median(took), 3),
            "serverCpuPercent": round(100 * statistics.median(server_cpu), 1),
            "uploaderCpuPercent": round(100 * statistics.median(uploader_cpu), 1)}


def uploads_vl(server, scratch, program, file, rate):
    """Yields (begin, end, CPU seconds) of one upload after the other by one agent."""
    home = scratch / "slow-vl"
    marker = home / "started"
    plane = Plane(server, ["sh", "-c", f": >{marker}; exec sleep 100000"],
                  {"VAULTLAYER_UPLOAD_MB_PER_SECOND": str(rate)})
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
            taken, _ = agent.save(prepared, step, 300)
            end = plane.commits[step][0]
            yield end - taken["wallSeconds"], end, taken["cpuSeconds"]
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


def uploads_rclone(server, directory, rate):
    rclone = tools.Rclone()
    rclone.extra = [f"--bwlimit={rate * 1000 * 1000 // 1024}k", "--ignore-times"]
    folder = directory / f"of-rclone-{rate}"
    folder.mkdir()
    os.link(directory / "rclone.bin", folder / "model.bin")
    yield None
    number = 0
    while True:
        number += 1
        begin = time.time()
        _, cpu, _, _ = tools.measured(rclone.command(server, "first", folder, f"slow/{rate}-{number}/"),
                                      rclone.environment(server))
        yield begin, time.time(), cpu
