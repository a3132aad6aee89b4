"""A run from its first job to the last process that is gone."""

import collections
import contextlib
import datetime
import json
import os
import shutil
import time

from mainjob.figures import spread
from mainjob.home import BenchFailed

from . import plan
from .disk import Disk
from .faults import Storm
from .fleet import Fleet, losses, trained
from .plane import StormHome
from .proxy import Proxy

FAULT = 330.0  # seconds that the longest fault takes
TAIL = 420.0  # seconds that jobs have to end after the last fault
DISK, DISK_PER_JOB_MINUTE = 256 << 20, 1 << 20  # bytes; a job writes half a MiB a minute
SETTLED = 420.0  # seconds that the reaper has for what is left: an inventory comes each five minutes


def everything(args, say):
    """Runs the storm; the document without its promises."""
    began, load_before = time.monotonic(), os.getloadavg()[0]
    seconds = args.minutes * 60
    with contextlib.ExitStack() as stack:
        door = Proxy(lambda: home.ports()["http"], f"{args.seed}/door")
        bucket = Proxy(lambda: home.ports()["s3"], f"{args.seed}/bucket")
        stack.callback(door.close)
        stack.callback(bucket.close)
        home = stack.enter_context(StormHome(door, bucket))
        disk = Disk(home.path / "local" / "bucket", int(DISK + args.jobs * args.minutes * DISK_PER_JOB_MINUTE))
        stack.callback(disk.close)
        without = () if disk.real else ("full-disk",)
        if not disk.real:
            say("no disk of its own can be had here (unshare -Urm, mount): the fault full-disk is left out")
        say("building what is not built yet")
        java = home.vl("version", patience=3600).stdout.strip()
        fleet = Fleet(home, plan.jobs(args.seed, seconds), args.jobs, say)
        stack.callback(fleet.close)
        storm = Storm(home, fleet, disk, door, bucket)
        stack.callback(storm.heal)
        say(f"submitting {args.jobs} jobs")
        fleet.start()
        blow(storm, fleet, plan.faults(args.seed, args.jobs, seconds, args.pace, without), seconds, say)
        stuck = calm_down(storm, fleet, say)
        fleet.stop()
        document = judge(home, fleet, storm, stuck, say)
        if args.evidence:
            keep(home, fleet, args.evidence, say)
        document["leakedProcesses"] += go_down(home, say)
        document |= {
            "minutes": args.minutes,
            "seed": args.seed,
            "quick": args.quick,
            "seconds": round(time.monotonic() - began, 1),
            "proxy": {
                "connections": {"door": door.connections, "bucket": bucket.connections},
                "met": dict(sorted((door.met + bucket.met).items())),
            },
            "ownDisk": disk.real,
            "machine": {
                "cores": len(os.sched_getaffinity(0)),
                "java": java,
                "loadBefore": round(load_before, 2),
                "loadAfter": round(os.getloadavg()[0], 2),
                "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
            },
        }
    return document


def blow(storm, fleet, faults, seconds, say):
    """Lets every fault come at its time."""
    began, told = time.monotonic(), 0.0
    for fault in [*faults, None]:
        at = seconds if fault is None else fault.at
        while (left := began + at - time.monotonic()) > 0:
            healthy(fleet)
            time.sleep(min(left, 0.5))
            gone = time.monotonic() - began
            if gone - told >= 30:
                told = gone
                say(f"{len(fleet.done)} jobs ended, {len(fleet.live)} go on, {sum(storm.done.values())} faults,"
                    f" {storm.kills} kills, {sum(bool(one.trouble) for one in fleet.done)} in trouble")
        if fault is not None:
            storm.strike(fault)


def healthy(fleet):
    if fleet.failure is not None:
        raise BenchFailed(f"watching the jobs: {fleet.failure!r}") from fleet.failure


def calm_down(storm, fleet, say):
    """No more faults, no new jobs; what is still there in the end is stuck."""
    fleet.refill = False
    say("the storm is over; waiting for the jobs that are left")
    slow = storm.wait(FAULT, lambda: healthy(fleet))
    storm.heal()
    if slow:
        storm.trouble.append("faults that did not end: " + ", ".join(slow))
    until = time.monotonic() + TAIL
    while fleet.live and time.monotonic() < until:
        healthy(fleet)
        time.sleep(0.5)
    with fleet.lock:
        left = list(fleet.live.values())
    for one in left:
        one.trouble.append(f"still {one.state()} {TAIL:.0f} s after the last fault")
    return left


def judge(home, fleet, storm, stuck, say):
    say("looking for what is left")
    everybody = fleet.done + stuck
    check, leaked_instances = settled(home)
    leaked = [pid for pid in home.everybody() if pid not in home.plane_pids()]
    late, condemned, salvaged, outcomes = [], 0, 0, collections.Counter()
    useful, made, lost = 0, 0, {}
    for one in everybody:
        more, bad, saved = fleet.commits(one)
        late += [f"{one.id}: {row}" for row in more]
        condemned += bad
        salvaged += saved
        status = home.ask(f"/v1/jobs/{one.id}")
        for attempt in status["attempts"]:
            if attempt["outcome"] is not None:
                outcomes[attempt["outcome"]] += 1
        steps = trained(one.witness)
        made += sum(len(some) for some in steps.values())
        useful += len({step for some in steps.values() for step in some})
        for kind, count in losses(one, steps):
            lost.setdefault(kind, []).append(count)
    interruptions = sum(len(counts) for counts in lost.values())
    every = max((one.plan.every for one in everybody), default=0)
    for pid in leaked:
        say(f"leaked: {pid} {command_line(pid)}")
    for row in [*late, *storm.zombie_troubles, *(f"{b['job']}: {b['invariant']} {b['detail']}" for b in check["broken"])]:
        say("broken: " + row)
    for row in storm.waited_for:
        say("held back: " + row)
    for row in storm.trouble:
        say("trouble of the bench: " + row)
    return {
        "jobs": len(everybody),
        "succeeded": sum(one.state() == "succeeded" for one in everybody),
        "concurrent": fleet.wanted,
        "kills": storm.kills,
        "leakedInstances": leaked_instances,
        "leakedProcesses": len(leaked),
        "unreleasedReservations": check["reservations"],
        "mismatchedWeights": sum(one.weights is not None and one.weights != one.twin for one in everybody),
        "brokenInvariants": len(check["broken"]) + len(late) + len(storm.zombie_troubles),
        "repeatedWorkShare": round((made - useful) / made, 4) if made else 0.0,
        "repeatedWorkBound": round((interruptions + condemned) * every / made, 4) if made else 0.0,
        "stepsMade": made,
        "stepsRepeated": made - useful,
        "cadenceSteps": every,
        "interruptions": interruptions,
        "condemned": condemned,
        "salvaged": salvaged,
        "stepsLost": {kind: spread(counts) for kind, counts in sorted(lost.items())},
        "zombiesFenced": storm.zombies,
        "silenceHeldBack": len(storm.waited_for),
        "attempts": dict(sorted(outcomes.items())),
        "faults": dict(sorted(storm.done.items())),
        "missedFaults": dict(sorted(storm.missed.items())),
        "planeRevivals": home.revivals,
        "benchTroubles": len(storm.trouble),
        "troubles": [f"{one.id}: {row}" for one in everybody for row in one.trouble],
    }


def settled(home):
    """(vl check's document, instances that are still there): what the reaper left when its time is up."""
    until = time.monotonic() + SETTLED
    while True:
        ran = home.command("check", "--json")
        if ran.returncode not in (0, 1):
            raise BenchFailed(f"vl check: exit {ran.returncode}\n{ran.stdout}{ran.stderr}")
        check = json.loads(ran.stdout)
        if not check["openInstances"] and not check["reservations"] or time.monotonic() > until:
            return check, check["openInstances"]
        time.sleep(2)


def command_line(pid):
    with contextlib.suppress(OSError):
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().replace(b"\0", b" ").decode(errors="replace")[:200]
    return "(gone)"


def keep(home, fleet, evidence, say):
    """Copies what tells the story of each job in trouble, and the plane's own log."""
    os.makedirs(evidence, exist_ok=True)
    for one in [*fleet.done, *fleet.live.values()]:
        if one.trouble:
            with open(os.path.join(evidence, one.id + ".json"), "w") as file:
                story = {name: home.ask(f"/v1/jobs/{one.id}{route}") for name, route in
                         (("status", ""), ("explain", "/explain"), ("checkpoints", "/checkpoints?limit=200"))}
                json.dump({"trouble": one.trouble, **story}, file, indent=1)
            for folder in home.instances.glob(f"*-{one.id}-e*"):
                with contextlib.suppress(OSError):
                    shutil.copy(folder / "agent.log", os.path.join(evidence, folder.name + ".agent.log"))
    for log in (home.path / "local").glob("plane.*"):
        with contextlib.suppress(OSError):
            shutil.copy(log, evidence)
    say(f"evidence is in {evidence}")


def go_down(home, say):
    """Processes of this home that outlive `vl local down`."""
    home.vl("local", "down", check=False)
    until = time.monotonic() + 20
    while (left := home.everybody()) and time.monotonic() < until:
        time.sleep(0.3)
    for pid in left:
        say(f"outlives the plane: {pid} {command_line(pid)}")
    return len(left)
