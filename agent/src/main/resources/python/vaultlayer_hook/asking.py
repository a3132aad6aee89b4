"""Saves that the agent asks for, and on which step all ranks make them.

The agent writes a request's name into `save-now`. Rank 0 looks at that file's time at each end of
a step. One process saves at once. Several must save at the same step, for the saves of sharded
models are collective: rank 0 proposes the step after the next in `save-at`, every rank promises
by a file of its own, and rank 0 decides when it gets there. A promise that is missing makes it no
save, instead of a training that hangs. The files are below VAULTLAYER_RUN_DIR, so all ranks have to
be on this machine.
"""

import os
import re
import time

from vaultlayer_hook import report

AHEAD = 2  # with gradients synchronised each step no rank is more than one step ahead
PROMISE_SECONDS = 5.0
DECISION_SECONDS = 30.0
BY_SIGNAL = "sigterm"

_LOOK = 0.002


class Asking:
    """The requests of one training loop, on one rank.

    between: the directory in which the loop's ranks leave word for each other
    """

    def __init__(self, rank, world, between):
        self._rank, self._world, self._between = rank, world, between
        self._now = os.path.join(report.run_dir() or "", "save-now")
        self._at = self._file("save-at")
        self._proposed = None  # (request, step, token)
        self._seen_now = None
        self._seen_at = _stamp(self._at)
        self.signalled = False  # set by the handler of SIGTERM
        self._signal_taken = False
        self.possible = world == 1 or self._on_one_machine()

    def due(self, step):
        """The request to be saved for now that `step` steps are done, else None. Cheap."""
        if not self.possible:
            return None
        if self._rank != 0:
            return self._follow(step)
        if self._proposed is None:
            request = self._asked()
            if request is None or self._world == 1:
                return request
            self._propose(request, step + AHEAD)
            return None
        return self._lead(step)

    def _asked(self):
        if self.signalled and not self._signal_taken:
            self._signal_taken = True
            return BY_SIGNAL
        stamp = _stamp(self._now)
        if stamp is None or stamp == self._seen_now:
            return None
        self._seen_now = stamp
        request = _read(self._now).strip()
        return request if re.match(r"[A-Za-z0-9._-]{1,64}\Z", request) else None

    def _propose(self, request, step):
        token = "%d-%d" % (os.getpid(), time.monotonic_ns())
        _write(self._at, "%s %d %s" % (request, step, token))
        self._proposed = (request, step, token)

    def _lead(self, step):
        request, at, token = self._proposed
        if step < at:
            return None
        self._proposed = None
        promises = [self._file("promise-%s-%d" % (token, rank)) for rank in range(1, self._world)]
        agreed = step == at and _wait(lambda: all(map(os.path.exists, promises)), PROMISE_SECONDS)
        _write(self._file("decision-" + token), "save" if agreed else "no")
        if not agreed:
            report.event("error", doing="asking all ranks to save at step %d" % at, request=request,
                         text="not every rank promised; nothing is saved")
        return request if agreed else None

    def _follow(self, step):
        stamp = _stamp(self._at)
        if stamp != self._seen_at and stamp is not None:
            self._seen_at = stamp
            request, at, token = _read(self._at).split(" ")
            if step <= int(at):
                self._proposed = (request, int(at), token)
                _write(self._file("promise-%s-%d" % (token, self._rank)), "")
        if self._proposed is None or step < self._proposed[1]:
            return None
        request, _, token = self._proposed
        self._proposed = None
        decision = self._file("decision-" + token)
        _wait(lambda: os.path.exists(decision), DECISION_SECONDS)
        return request if _read(decision) == "save" else None

    def _on_one_machine(self):
        local = os.environ.get("LOCAL_WORLD_SIZE")
        return local is None or local == str(self._world)

    def _file(self, name):
        return os.path.join(self._between, name)


def _stamp(path):
    try:
        seen = os.stat(path)
    except OSError:
        return None
    return seen.st_mtime_ns, seen.st_ino


def _read(path):
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read(4096)
    except OSError:
        return ""


def _write(path, text):
    unfinished = "%s.%d.tmp" % (path, os.getpid())
    with open(unfinished, "w", encoding="ascii") as file:
        file.write(text)
    os.replace(unfinished, path)


def _wait(until, seconds):
    end = time.monotonic() + seconds
    while not until():
        if time.monotonic() >= end:
            return False
        time.sleep(_LOOK)
    return True
