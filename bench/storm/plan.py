"""Which faults come when: everything that chance decides beforehand, from one seed."""

import dataclasses
import random

from . import proxy

# How often each fault is in a deck. A deck is shuffled and dealt to its end before the next one, so
# that every kind comes in every run that is long enough for one deck.
ONE_JOB = {
    "kill-agent": 4, "kill-training": 4, "kill-both": 4, "kill-early": 3, "kill-instance": 2,
    "pause-agent": 2, "pause-training": 2, "pause-host": 2, "zombie": 2, "corrupt": 3,
    "cancel-resume": 2, "file-limit": 2, "reclaim": 2,
}
EVERYBODY = {"kill-plane": 2, "kill-plane-and-agents": 2, "pause-plane": 2, "full-disk": 2,
             **{"weather-" + kind: 1 for kind in proxy.KINDS}}

CADENCE = 20  # steps; eight to fourteen seconds
JOB_PACE = 60.0  # each job is struck about once in so many seconds
EVERYBODY_PACE = 30.0
WARM_UP = 8.0


@dataclasses.dataclass(frozen=True)
class Fault:
    """`at` seconds after the start; `draw` seeds what else the fault draws, its victim first."""

    at: float
    kind: str
    draw: int

    def chance(self):
        return random.Random(self.draw)


def deal(kinds, chance):
    """Kinds for ever, deck after deck."""
    while True:
        deck = [kind for kind, count in kinds.items() for _ in range(count)]
        chance.shuffle(deck)
        yield from deck


def faults(seed, jobs, seconds, pace=1.0, without=()):
    """All faults of a run in their order.

    pace: how many times denser than usual they come; without: kinds that cannot be had here.
    """
    found = []
    for name, kinds, gap in (("one", ONE_JOB, JOB_PACE / jobs), ("all", EVERYBODY, EVERYBODY_PACE)):
        chance = random.Random(f"{seed}/{name}")
        dealt = deal({kind: count for kind, count in kinds.items() if kind not in without}, chance)
        gap /= pace
        at = WARM_UP + chance.uniform(0, gap)
        while at < seconds:
            found.append(Fault(round(at, 3), next(dealt), chance.getrandbits(48)))
            # Between half and one and a half times: never two at once that hit everybody.
            at += chance.uniform(0.5, 1.5) * gap
    return sorted(found, key=lambda fault: fault.at)


@dataclasses.dataclass(frozen=True)
class Job:
    """One training: its steps, cadence and pace."""

    number: int
    seed: int
    steps: int
    every: int
    seconds_per_step: float
    kilobytes: int

    def words(self):
        return ("--seed", str(self.seed), "--steps", str(self.steps), "--checkpoint-every", str(self.every),
                "--kilobytes", str(self.kilobytes))


def jobs(seed, seconds):
    """Jobs for ever. Uninterrupted they last one to two and a half minutes, less in a short run."""
    chance = random.Random(f"{seed}/jobs")
    share = min(1.0, seconds / 240.0)
    number = 0
    while True:
        number += 1
        pace = round(chance.uniform(0.4, 0.7), 2)
        steps = max(40, int(chance.uniform(60.0, 150.0) * share / pace))
        yield Job(number, chance.getrandbits(32), steps, CADENCE, pace, chance.choice((16, 64, 128)))
