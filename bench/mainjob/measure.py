"""What is measured, in the order in which it is."""

import datetime
import os
import signal
import time

from . import figures, processes
from .home import BenchFailed, Home

COMMAND = ("python3", "steps.py")
FOREVER = ("--steps", "1000000", "--checkpoint-every", "5")
SLOW = (10, 40)


def instant(text):
    """Seconds since 1970 of an RFC 3339 time; Python reads no more than microseconds."""
    whole, _, rest = text.rstrip("Z").partition(".")
    parsed = datetime.datetime.fromisoformat(whole).replace(tzinfo=datetime.timezone.utc)
    return parsed.timestamp() + float("0." + (rest or "0"))


def everything(args, random, say):
    load_before = os.getloadavg()[0]
    unconfirmed = max(1, round(args.kills / 6))
    with Home() as home:
        say("building what is not built yet")
        java = home.vl("version", patience=3600).stdout.strip()
        say("starting the plane, and a first job that is not counted")
        submit(home)
        submits = []
        for number in range(3 if args.quick else 12):
            submits.append(submit(home))
            say(f"submit to first line {submits[-1]['seconds']:.2f} s")
        cli = {}
        for words in (("--help",), ("ps",)):
            cli[words[0]] = [home.timed(*words) for _ in range(10 if args.quick else 20)]
            say(f"vl {words[0]} {figures.percentile(cli[words[0]], 50):.2f} s")
        deaths = Deaths(home, random, say)
        deaths.run(args.kills, unconfirmed)
        idle = stand_idle(home, args.idle_seconds, say)
    all_deaths = deaths.found
    if not args.quick:
        with Home(*SLOW) as slow:
            say(f"once more at {SLOW[0]}/{SLOW[1]} s")
            submit(slow)
            more = Deaths(slow, random, say)
            more.run(args.kills, unconfirmed)
            all_deaths = all_deaths + more.found
    return document(args, submits, cli, all_deaths, idle, java, load_before)


def document(args, submits, cli, deaths, idle, java, load_before):
    fast = [d for d in deaths if d["class"] == "confirmed" and d["leaseSeconds"] == 8]

    def classes(key):
        groups = {}
        for death in deaths:
            groups.setdefault((death["class"], death["beatSeconds"], death["leaseSeconds"]), []).append(death[key])
        return [
            {"class": kind, "beatSeconds": beat, "leaseSeconds": lease, **figures.spread(values)}
            for (kind, beat, lease), values in groups.items()
        ]

    def deadly(key):
        return {**figures.spread([d[key] for d in fast]), "classes": classes(key)}

    return {
        "submitToFirstLineSeconds": figures.spread([s["seconds"] for s in submits]),
        "deathToFenceSeconds": deadly("fence"),
        "deathToResumedLineSeconds": deadly("resumed"),
        "cliHelpSeconds": round(figures.percentile(cli["--help"], 50), 3),
        "cliPsSeconds": round(figures.percentile(cli["ps"], 50), 3),
        "idleRssMiB": idle["rssMiB"],
        "idleCpuPercent": idle["cpuPercent"],
        "idleSeconds": idle["seconds"],
        "kills": len(deaths),
        "agent": {
            "peakRssMiB": round(max(s["agentPeakMiB"] for s in submits + deaths), 1),
            "startCpuSeconds": figures.spread([s["agentCpu"] for s in submits + deaths]),
        },
        "wrongResumes": sum(d["wrongResume"] for d in deaths),
        "otherKind": sum(d["otherKind"] for d in deaths),
        "submitPhasesSeconds": medians([s["phases"] for s in submits]),
        "resumePhasesSeconds": medians([d["phases"] for d in deaths]),
        "seed": args.seed,
        "quick": args.quick,
        "machine": {
            "cores": len(os.sched_getaffinity(0)),
            "java": java,
            "loadBefore": round(load_before, 2),
            "loadAfter": round(os.getloadavg()[0], 2),
            "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
        },
    }


def medians(rows):
    return {name: round(figures.percentile([row[name] for row in rows], 50), 3) for name in rows[0]}


def decided(home, job, epoch):
    """When each edge of an epoch was taken first."""
    times = {}
    for decision in home.get(f"/v1/jobs/{job}/explain")["decisions"]:
        if decision["epoch"] == epoch:
            times.setdefault(decision["event"], instant(decision["at"]))
    return times


def submit(home):
    """One job from Enter to its first line, and to its end."""
    follower = home.follow(*COMMAND, "--steps", "12", "--checkpoint-every", "5")
    seen, started = follower.first_line(1)
    job = follower.job()
    peak = processes.status_mib(started["agentPid"], "VmHWM")
    while follower.process.poll() is None:
        peak = max(peak, processes.status_mib(started["agentPid"], "VmHWM"))
        time.sleep(0.1)
    if follower.ended() != 0:
        raise BenchFailed(f"job {job} did not succeed:\n" + "\n".join(follower.said[-20:]))
    edges = decided(home, job, 1)
    return {
        "seconds": seen - follower.began,
        "agentCpu": started["agentCpuSeconds"] or 0.0,
        "agentPeakMiB": peak,
        "phases": {
            "Enter until the job is due (command line)": edges["Start"] - follower.began,
            "until the provisioner has it (bus, queue)": edges["Claim"] - edges["Start"],
            "until the agent is started": edges["Launched"] - edges["Claim"],
            "until the agent has registered": edges["Register"] - edges["Launched"],
            "until the script prints": started["at"] - edges["Register"],
            "until vl run shows it (log, poll)": seen - started["at"],
        },
    }


class Deaths:
    """Kills one job's instances one after the other, each at a moment that chance picks."""

    def __init__(self, home, random, say):
        self.home, self.random, self.say = home, random, say
        self.found = []

    def run(self, confirmed, unconfirmed):
        self.follower = self.home.follow(*COMMAND, *FOREVER)
        self.follower.first_line(1)
        self.job = self.follower.job()
        kinds = ["confirmed"] * confirmed + ["saysRunning"] * unconfirmed
        for kind in kinds:
            death = self.die(kind)
            self.found.append(death)
            self.say("{class} death: fence after {fence:.2f} s, resumed line after {resumed:.2f} s".format(**death))
        self.home.vl("cancel", self.job)
        self.follower.ended()

    def die(self, kind):
        home, job = self.home, self.job
        before = home.await_status(
            job,
            lambda s: s["state"] == "running" and s["checkpoint"] and s["checkpoint"]["epoch"] == s["epoch"],
            "a checkpoint of the new attempt", 180,
        )
        epoch = before["epoch"]
        # Spread over two ticks and one checkpoint interval, so that no phase of either is favoured.
        time.sleep(self.random.uniform(0, 2 * figures.TICK))
        agent = home.agent(job, epoch)
        peak = processes.status_mib(agent, "VmHWM")
        victims = processes.family(agent)
        known = home.status(job)["checkpoint"]["step"]
        died = time.time()
        processes.signal_all(victims, signal.SIGKILL if kind == "confirmed" else signal.SIGSTOP)
        # What it forked between the look and the signal goes the same way.
        processes.signal_all(
            processes.family(agent) - victims, signal.SIGKILL if kind == "confirmed" else signal.SIGSTOP)
        seen, started = self.follower.first_line(epoch + 1, patience=60 + 3 * home.lease)
        status = home.status(job)
        attempt = next(a for a in status["attempts"] if a["epoch"] == epoch)
        fenced = instant(attempt["endedAt"])
        edges = decided(home, job, epoch + 1)
        said_running = "says running" in (attempt["detail"] or "")
        return {
            "class": kind,
            "beatSeconds": home.beat,
            "leaseSeconds": home.lease,
            "fence": fenced - died,
            "resumed": seen - died,
            "agentCpu": started["agentCpuSeconds"] or 0.0,
            "agentPeakMiB": peak,
            "wrongResume": int(started["attempt"] != epoch + 1 or started["step"] < known),
            "otherKind": int(said_running != (kind == "saysRunning")),
            "phases": {
                "fence until the provisioner has it (bus, queue)": edges["Claim"] - fenced,
                "until the agent is started": edges["Launched"] - edges["Claim"],
                "until the agent has registered": edges["Register"] - edges["Launched"],
                "until the script prints": started["at"] - edges["Register"],
                "until vl run shows it (log, poll)": seen - started["at"],
            },
        }


def stand_idle(home, seconds, say):
    """Resident memory and CPU of the plane with everything that it started, after the last job."""
    until = time.monotonic() + 60
    while processes.with_environment(f"VAULTLAYER_INSTANCE_DIR={home.path}"):
        if time.monotonic() > until:
            raise BenchFailed("processes of instances are still there a minute after the job's end")
        time.sleep(0.2)
    time.sleep(2)  # the last terminate is confirmed
    say(f"watching the idle plane for {seconds:.0f} s")

    def cpu():
        return sum((processes.stat(pid) or (0, 0, 0.0, ""))[2] for pid in home.plane_pids())

    began, before = time.monotonic(), cpu()
    time.sleep(seconds)
    spent, lasted = cpu() - before, time.monotonic() - began
    return {
        "seconds": round(lasted, 1),
        "cpuPercent": round(100 * spent / lasted, 2),
        "rssMiB": round(sum(processes.status_mib(pid, "VmRSS") for pid in home.plane_pids()), 1),
    }
