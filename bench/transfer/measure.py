"""Rounds: every tool does the same to the same files, one after the other, in turning order."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import time

from mainjob.home import ROOT

from . import data, figures, servers, slowdown, tools
from .agent import Agent, Plane
from .tools import BenchFailed

LARGE, SMALL = 8, 16  # connections, as many as the agent opens for files of these kinds


def dist(build):
    """The agent as ./vl starts it; built if it is not."""
    if not build:
        return ROOT / ".vl" / "dist" / (ROOT / ".vl" / "dist" / "current").read_text().split("\n")[0]
    ran = subprocess.run([str(ROOT / "vl"), "version"], capture_output=True, text=True)
    if ran.returncode != 0:
        raise BenchFailed("./vl version: " + ran.stderr)
    return ROOT / ".vl" / "dist" / (ROOT / ".vl" / "dist" / "current").read_text().split("\n")[0]


def directory(asked, needed):
    """Memory where there is enough of it, so that a disk's mood is not measured."""
    if asked:
        return pathlib.Path(asked)
    shared = pathlib.Path("/dev/shm")
    if shared.is_dir() and min(shutil.disk_usage(shared).free, available()) > needed + (4 << 30):
        return shared
    return pathlib.Path(tempfile.gettempdir())


def available():
    for line in pathlib.Path("/proc/meminfo").read_text().split("\n"):
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0


def everything(args, say):
    all_cases = [c for c in data.cases(args.full, args.quick) if not args.case or c.name in args.case]
    largest = max(case.bytes for case in all_cases)
    base = directory(args.dir, largest * 5)
    skipped = []
    with tempfile.TemporaryDirectory(prefix="vl-transfer-", dir=base) as scratch:
        scratch = pathlib.Path(scratch)
        program = dist(not args.no_build)
        peers = []
        if shutil.which("rclone"):
            peers.append(tools.Rclone())
        else:
            skipped.append("rclone is not on the PATH")
        if shutil.which("aws"):
            peers.append(tools.AwsCli(scratch))
        else:
            skipped.append("the AWS CLI is not on the PATH")
        peers = [peer for peer in peers if not args.only or peer.name in args.only]
        ceiling = tools.Ceiling(LARGE, SMALL)
        before = os.getloadavg()[0]
        samples = {}
        with open(scratch / "servers.log", "wb") as log:
            for name, make in (("s3proxy", lambda: servers.S3Proxy(program, scratch, log)),
                               ("discard", lambda: servers.Discarding(scratch, log))):
                if args.only_slowdown or args.server and args.server != name:
                    continue
                server = make()
                try:
                    for case in all_cases:
                        free = shutil.disk_usage(scratch).free
                        if free < 3 * case.bytes:
                            skipped.append(f"{case.name}: {free >> 20} MiB free in {base}, three times its size needed")
                            say(skipped[-1])
                            continue
                        of_case(args, server, case, scratch, program, peers, ceiling, samples, say)
                finally:
                    server.close()
                if not server.keeps:
                    skipped.append("second save and restore on the server that discards: it has nothing to compare with, and nothing to give back")
        document = {"rows": figures.rows(samples)}
        if not args.no_slowdown:
            document["slowdown"] = slowdown.measure(args, scratch, program, say)
            document["scriptSlowdownPercent"] = document["slowdown"]["rows"][0]["percent"]
        else:
            document["scriptSlowdownPercent"] = None
        document["versions"] = {"vl": version(), **{peer.name: peer.version for peer in peers}}
        document["flags"] = {**{peer.name: peer.flags for peer in peers}, ceiling.name: ceiling.flags}
        document["skipped"] = skipped
        document["machine"] = {"cores": os.cpu_count(), "loadBefore": round(before, 2),
                               "loadAfter": round(os.getloadavg()[0], 2), "directory": str(base)}
        return document


def version():
    """Read, not asked: ./vl would build what changed meanwhile."""
    id_ = (ROOT / ".vl" / "dist" / "current").read_text().split("\n")[0]
    commit = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return f"built {id_}, commit {commit.stdout.strip() or 'unknown'}"


def of_case(args, server, case, scratch, program, peers, ceiling, samples, say):
    files = scratch / "data"
    say(f"{server.name} {case.name}: making the files")
    first, changed = data.make(case, files)
    try:
        # Whoever came first would pay for the server's compilers: 4,000 small files took three times as long.
        of_ceiling(server, case, ceiling, "warm")
        server.clear()
        for number in range(args.rounds):
            turns = ["vl", *peers, ceiling]
            turns = turns[number % len(turns):] + turns[:number % len(turns)]
            for turn in turns:
                name = turn if isinstance(turn, str) else turn.name
                began = time.monotonic()
                if name == "vl":
                    taken = of_vl(server, case, scratch, program, first, changed, number)
                elif turn is ceiling:
                    taken = of_ceiling(server, case, ceiling, number)
                else:
                    taken = of_tool(server, case, scratch, turn, first, changed, number)
                for phase, sample in taken.items():
                    samples.setdefault((server.name, case, phase, name), []).append(sample)
                server.clear()
                told = ", ".join(f"{phase} {one['wallSeconds']:.2f} s/{one['cpuSeconds']:.2f} CPU/{one['peakMiB']:.0f} MiB"
                                 for phase, one in taken.items())
                say(f"{server.name} {case.name} round {number + 1} {name}: {told} (in {time.monotonic() - began:.0f} s)")
    finally:
        shutil.rmtree(files)


def of_vl(server, case, scratch, program, first, changed, number):
    job = f"job_bench{case.name.lower()}x{number:03d}"
    home = scratch / f"vl-{server.name}-{case.name}-{number}"
    marker = home / "started"
    plane = Plane(server, ["sh", "-c", f": >{marker}; exec sleep 100000"])
    plane.job_is(job)
    taken = {}
    agent = None
    try:
        agent = Agent(program, home / "one", plane)
        agent.runs_script(marker, 60)
        data.linked(first, home / "prepared")
        taken["first"], _ = agent.save(home / "prepared", 1)
        if server.keeps:
            data.linked(changed, home / "prepared")
            taken["changed"], commit = agent.save(home / "prepared", 2)
        agent.close()
        if server.keeps:
            marker.unlink()
            plane.pointer = {"step": 2, "epoch": 1, "manifestKey": commit["manifestKey"],
                             "manifestSha256": commit["manifestSha256"], "bytes": commit["bytes"], "files": commit["files"]}
            plane.epoch = 2
            agent = Agent(program, home / "two", plane)
            registered, start_cpu = plane.registered_at, agent.cpu()
            started = agent.runs_script(marker, 900)
            taken["restore"] = {"wallSeconds": started - registered, "startSeconds": agent.start_seconds,
                                "cpuSeconds": agent.cpu() - start_cpu, "peakMiB": agent.peak_mib()}
            if not data.same(changed, agent.kept / "checkpoint-2", case):
                raise BenchFailed("vl restored other bytes than were saved")
        return taken
    finally:
        if agent:
            agent.close()
        plane.close()
        shutil.rmtree(home, ignore_errors=True)


def of_tool(server, case, scratch, tool, first, changed, number):
    prefix = f"{tool.name}/{case.name}-{number}/"
    taken = {"first": tool.run(server, "first", first, prefix)}
    if not server.keeps:
        return taken
    data.touch(changed)
    taken["changed"] = tool.run(server, "changed", changed, prefix)
    target = scratch / "restored"
    target.mkdir()
    taken["restore"] = tool.run(server, "restore", target, prefix)
    if not data.same(changed, target, case):
        raise BenchFailed(f"{tool.name} restored other bytes than were saved")
    shutil.rmtree(target)
    return taken


def of_ceiling(server, case, ceiling, number):
    prefix = f"ceiling/{case.name}-{number}/"
    taken = {"first": ceiling.run(server, "first", case, prefix + "f/")}
    if server.keeps:
        taken["changed"] = ceiling.run(server, "changed", case, prefix + "c/")
        taken["restore"] = ceiling.run(server, "restore", case, prefix + "f/")
    return taken
