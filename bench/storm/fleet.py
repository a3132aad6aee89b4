"""The jobs: submitted, watched, compared with their uninterrupted twins when they end, replaced."""

import concurrent.futures
import dataclasses
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading

from mainjob.home import WORKLOAD, BenchFailed

SCRIPT = "descend.py"
POLL = 1.0
HANDS = 2  # commands at a time for jobs that ended: more of them starve the machine that is measured
ENDED = ("succeeded", "failed", "cancelled", "stopped")


@dataclasses.dataclass
class Trainee:
    """A job that was submitted, as it was seen last."""

    id: str
    plan: object
    witness: pathlib.Path
    twin: str
    status: dict = None
    busy: bool = False  # a fault has it
    resumable: bool = False  # cancelled by a fault that resumes it
    struck_step: int = -1  # the checkpoint's step at the last strike
    struck: dict = dataclasses.field(default_factory=dict)  # epoch -> kind of the fault that struck it last
    quiet_strikes: int = 0  # since a new step was committed
    ending: bool = False  # seen at its end, being verified
    corrupted: int = -1
    weights: str = None
    trouble: list = dataclasses.field(default_factory=list)

    def checkpoint_step(self):
        return (self.status or {}).get("checkpoint", None) and self.status["checkpoint"]["step"] or 0

    def state(self):
        return (self.status or {}).get("state", "queued")


class Fleet:
    """Keeps so many jobs going until it is told that no new ones are wanted."""

    def __init__(self, home, plans, wanted, say):
        self.home, self.plans, self.wanted, self.say = home, plans, wanted, say
        self.live, self.done = {}, []
        self.lock = threading.RLock()
        self.refill = True
        self.broken = []
        self.failure = None
        self.witnesses = pathlib.Path(tempfile.mkdtemp(prefix="vl-chaos-witness-"))
        self._hands = concurrent.futures.ThreadPoolExecutor(HANDS, "fleet-hand")
        self._stop = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True, name="fleet")

    def start(self):
        for made in [self._hands.submit(self._submit) for _ in range(self.wanted)]:
            made.result()
        self._watcher.start()

    def stop(self):
        """Looks no more: from now on nobody revives a plane that is down."""
        self._stop.set()
        if self._watcher.is_alive():
            self._watcher.join(60)
        self._hands.shutdown(cancel_futures=True)

    def close(self):
        self.stop()
        shutil.rmtree(self.witnesses, ignore_errors=True)

    # ---- one job's life

    def _submit(self):
        with self.lock:
            plan = next(self.plans)
        witness = self.witnesses / str(plan.number)
        words = ("python3", SCRIPT, *plan.words())
        # The key makes it one job however often the answer is lost.
        ran = self.home.command(
            "run", "--detach", "--json", "--workdir", str(WORKLOAD), "--name", f"storm-{plan.number}",
            "--idempotency-key", f"storm-{plan.number}", *words,
            "--seconds-per-step", str(plan.seconds_per_step), "--witness", str(witness),
        )
        if ran.returncode != 0:
            raise BenchFailed(f"job {plan.number} was not taken: exit {ran.returncode}\n{ran.stdout}{ran.stderr}")
        job = json.loads(ran.stdout)["id"]
        trainee = Trainee(job, plan, witness, twin(plan))
        with self.lock:
            self.live[job] = trainee

    def _watch(self):
        try:
            while not self._stop.is_set():
                self._look()
                self._stop.wait(POLL)
        except Exception as trouble:  # told by whoever waits
            self.failure = trouble

    def _look(self):
        seen = {row["id"]: row for row in self.home.pages("/v1/jobs?live=true&limit=200", "jobs")}
        with self.lock:
            known = [one for one in self.live.values() if not one.ending]
        for trainee in known:
            status = seen.get(trainee.id)
            if status is None:
                status = self.home.ask(f"/v1/jobs/{trainee.id}")
            trainee.status = status
            if trainee.checkpoint_step() > trainee.struck_step:
                trainee.quiet_strikes = 0
            if status["state"] in ENDED and not trainee.resumable:
                trainee.ending = True
                self._hands.submit(self._ended, trainee)

    def _ended(self, trainee):
        try:
            self._replace(trainee)
        except Exception as trouble:  # told by whoever waits
            self.failure = trouble

    def _replace(self, trainee):
        trainee.status = self.home.ask(f"/v1/jobs/{trainee.id}")
        if trainee.status["state"] not in ENDED:  # resumed since it was seen cancelled
            trainee.ending = False
            return
        self._verify(trainee)
        with self.lock:
            self.live.pop(trainee.id)
            self.done.append(trainee)
        attempts = len(trainee.status["attempts"])
        self.say(f"job {trainee.plan.number} {trainee.status['state']} after {attempts} attempts"
                 + "".join("; " + one for one in trainee.trouble))
        if self.refill:
            self._submit()

    def _verify(self, trainee):
        status = trainee.status
        if status["state"] != "succeeded":
            last = status["attempts"][-1] if status["attempts"] else {}
            trainee.trouble.append(f"{status['state']}: {status['reason']} ({last.get('detail')})")
            return
        with tempfile.TemporaryDirectory(prefix="vl-chaos-out-") as to:
            ran = self.home.command("outputs", "pull", trainee.id, "--to", to)
            weights = pathlib.Path(to) / "weights.bin"
            if ran.returncode != 0 or not weights.exists():
                trainee.trouble.append("its weights cannot be pulled: " + (ran.stderr.strip() or "nothing there"))
                return
            trainee.weights = hashlib.sha256(weights.read_bytes()).hexdigest()
        if trainee.weights != trainee.twin:
            trainee.trouble.append("its weights are not those of its uninterrupted twin")

    # ---- what was committed, and what was trained twice

    def commits(self, trainee):
        """(late, condemned, salvaged); see late_commits."""
        decisions = list(self.home.pages(f"/v1/jobs/{trainee.id}/explain?limit=200", "decisions"))
        checkpoints = list(self.home.pages(f"/v1/jobs/{trainee.id}/checkpoints?limit=200", "checkpoints"))
        condemned = sum(row["status"] == "condemned" for row in checkpoints)
        return late_commits(decisions, checkpoints), condemned, len(_salvaged(decisions))


def late_commits(decisions, checkpoints):
    """What was committed for an epoch that was over, one sentence each.

    Judged by the order of the decisions, which is that of the writes: their times are those at which each began,
    and of two that raced the later one may have begun first. What a closed epoch had uploaded whole may be committed
    by the plane itself, and by nobody else.
    """
    timely = {
        (row["epoch"], _step(row))
        for row in decisions
        if row["edge"] == "COMMITTED" and row["state"] in ("starting", "running", "saving")
    }
    return [
        f"step {row['step']} of epoch {row['epoch']} was committed after the epoch's end"
        for row in checkpoints
        if row["committedAt"] and (row["epoch"], row["step"]) not in timely | _salvaged(decisions)
    ]


def _salvaged(decisions):
    """(epoch, step) of each; the epoch that it was of had been closed by then."""
    return {(row["epoch"] - 1, _step(row)) for row in decisions if row["edge"] == "SALVAGED"}


def _step(row):
    return int(row["reason"].split()[1])


def trained(witness):
    """Epoch -> the steps that it made, as the witness saw them."""
    made = {}
    try:
        rows = witness.read_text().split("\n")
    except OSError:
        return made
    for row in rows:
        epoch, _, step = row.partition(" ")
        if step:
            made.setdefault(int(epoch), []).append(int(step))
    return made


def losses(trainee, made):
    """(kind of fault, steps lost) for each attempt that trained and did not end the job.

    Lost is what lies beyond the step from which the next attempt that trained went on.
    """
    epochs = sorted(made)
    return [
        (trainee.struck.get(epoch, "none"), max(made[epoch]) - (min(made[after]) - 1))
        for epoch, after in zip(epochs, epochs[1:])
    ]


def twin(plan):
    """SHA-256 of the weights of the same training, run plainly and never interrupted."""
    with tempfile.TemporaryDirectory(prefix="vl-chaos-twin-") as alone:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("VAULTLAYER_", "VL_"))}
        subprocess.run(
            [sys.executable, str(WORKLOAD / SCRIPT), *plan.words()], cwd=alone, check=True, env=kept,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )
        return hashlib.sha256((pathlib.Path(alone) / "outputs" / "weights.bin").read_bytes()).hexdigest()
