"""The life of one training loop: what every framework's adapter tells, and what it asks.

    keeper = Keeper("transformers", version, rank=0, world=2)
    keeper.begin(step, restored)          # before the first step; restored: from resume.restored
    ...
    keeper.stepped(step, loss)            # at each end of a step
    request = keeper.due(step)            # then: is a save to be made now, on every rank?
    keeper.saving(step)                   # before a save, whoever asked for it
    keeper.saved(step, [Source(path)], request)   # this rank's part of it is on disk
    ...
    keeper.end()

Every method is guarded: it raises nothing, and after a first failure it does nothing.
"""

import os
import shutil
import signal
import threading
import time

from vaultlayer_hook import mirror, report, resume
from vaultlayer_hook.asking import Asking
from vaultlayer_hook.report import guarded

# Rank 0 mostly ends last. It waits a moment for the others rather than until its next step, which
# may take long enough to lose the save; much longer, and the training would feel it.
OTHERS_SECONDS = 1.0
LAST_SECONDS = 30.0  # at the end of the training nothing else is left to do

# A launcher passes on the signal that its whole group has got already; who signals again later
# than this means it.
ECHO_SECONDS = 5.0

current = None  # the Keeper of the training that runs in this process
_trainings = 0  # of this process


class Keeper:
    """One training loop on one rank. can_ask: the adapter makes saves that `due` asks for."""

    def __init__(self, framework, version=None, rank=None, world=None, can_ask=True):
        self.framework, self.version = framework, version
        self.rank = _number("RANK", 0) if rank is None else rank
        self.world = _number("WORLD_SIZE", 1) if world is None else world
        self._can_ask = can_ask
        self.first = False  # the first training of this process
        self.last_step = -1  # of the newest save that is complete
        self._on = False
        self._begun = {}
        self._saves = 0
        self._pending = []
        self._asking = None
        self._before = None

    @guarded
    def begin(self, step, restored=None, **details):
        """The loop begins with `step` steps done. details go into the `found` event."""
        global _trainings, current
        current = self
        report.set_rank(self.rank)
        self.first = _trainings == 0
        _trainings += 1
        self._on = mirror.kept_dir() is not None and self._claim()
        if not self._on:
            return
        self._between = self._meeting_place()
        self._asking = Asking(self.rank, self.world, self._between) if self._can_ask else None
        asks = self._asking is not None and self._asking.possible
        if asks:
            self._listen()  # first: who reads that it asks may ask at once
        if self.rank == 0:
            self._event("found", step=step, asks=asks, **details)
        if self.first:
            self._tell_resumed(step, restored)

    @guarded
    def stepped(self, step, loss=None):
        """So many steps are done."""
        if not self._on:
            return
        report.progress(step, loss)
        if self._pending:
            self._complete(0)

    @guarded
    def due(self, step):
        """The request that all ranks are to save for now, or None."""
        return self._asking.due(step) if self._on and self._asking is not None else None

    @guarded
    def saving(self, step):
        """A save begins."""
        if self._on:
            self._begun = {step: time.monotonic()}
            if self.rank == 0:
                self._event("saving", step=step)

    @guarded
    def saved(self, step, sources, request=None, staged=None, **meta):
        """This rank's part is on disk; when that is so on every rank, rank 0 mirrors it.

        sources: `mirror.Source`s · staged: a directory in `mirror.staging` that is to become the
        checkpoint, sources then go into it · request: what `due` returned · meta: is noted
        beside it
        """
        if not self._on:
            return
        self._saves += 1
        if self.rank != 0:
            open(self._part(self._saves, self.rank), "w").close()
        else:
            began = self._begun.get(step)
            whole = {"step": step, "sources": sources, "staged": staged, "request": request,
                     "meta": meta, "save": self._saves, "began": began}
            self._pending.append(whole)
            self._complete(OTHERS_SECONDS)
        if request is not None:
            self._die_if_told()

    @guarded
    def not_saved(self, step, reason, request=None):
        """A save failed on this rank."""
        if self._on:
            self._event("error", doing="saving step %d" % step, text=reason, request=request)
            report.say("step %d could not be saved: %s" % (step, reason), key="not saved")
            if request is not None:
                self._die_if_told()

    @guarded
    def end(self):
        """The loop is over."""
        global current
        current = None
        if not self._on:
            return
        if self._pending:
            self._complete(LAST_SECONDS)
            for whole in self._pending:
                self._event("error", doing="completing step %d" % whole["step"],
                            text="not every rank has saved its part")
        self._on = False
        self._listen_no_more()
        if self.rank == 0:
            self._event("ended", step=self.last_step if self.last_step >= 0 else None)
            _remove(os.path.join(report.run_dir(), "owner"))
        if self._asking is not None:
            self._die_if_told()

    # --- saves ------------------------------------------------------------------------------------

    def _complete(self, seconds):
        """Mirrors what every rank has saved, oldest first, waiting so long for the others."""
        end = time.monotonic() + seconds
        while self._pending:
            whole = self._pending[0]
            parts = [self._part(whole["save"], rank) for rank in range(1, self.world)]
            while not all(map(os.path.exists, parts)):
                if time.monotonic() >= end:
                    return
                time.sleep(0.005)
            self._pending.pop(0)
            for part in parts:
                _remove(part)
            self._mirror(whole)

    def _mirror(self, whole):
        step, sources, request = whole["step"], whole["sources"], whole["request"]
        meta = {"framework": self.framework, "frameworkVersion": self.version,
                "script": resume.script(), "world": self.world}
        meta.update(whole["meta"])
        try:
            if whole["staged"] is not None:
                path = mirror.publish(step, whole["staged"], meta, sources)
                os.rmdir(os.path.dirname(whole["staged"]))
            elif sources and mirror.is_kept(sources[0].path):
                path = sources[0].path
            else:
                path = mirror.keep(step, sources, meta)
        except OSError as error:
            self.not_saved(step, "it could not be kept: %s" % error, request)
            return
        self.last_step = step
        seconds = None if whole["began"] is None else round(time.monotonic() - whole["began"], 3)
        self._event("saved", step=step, path=path, seconds=seconds, request=request)

    def _part(self, save, rank):
        return os.path.join(self._between, "part-%d-%d" % (save, rank))

    # --- one training at a time, and its ranks ----------------------------------------------------

    def _claim(self):
        """Of several trainings of an attempt that run at once, the first is kept."""
        if self.rank != 0:
            return True
        path = os.path.join(report.run_dir(), "owner")
        for _ in range(3):
            try:
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
                os.write(handle, str(os.getpid()).encode("ascii"))
                os.close(handle)
                return True
            except FileExistsError:
                with open(path, encoding="ascii") as file:
                    owner = int(file.read() or 0)
                if owner == os.getpid() or not _alive(owner):
                    _remove(path)
                    continue
                report.say("two trainings run at once; the checkpoints of the second are not kept"
                           " (%s, process %d)" % (resume.script(), os.getpid()))
                return False
        return False

    def _meeting_place(self):
        """Where the ranks of this loop leave word for each other."""
        place = os.path.join(report.run_dir(), "ranks-%s-%s-%d" % (
            os.environ.get("MASTER_PORT", "0"),
            os.environ.get("TORCHELASTIC_RESTART_COUNT", "0"),
            _trainings,
        ))
        if self.world > 1:
            if self.rank == 0:
                # Left by an earlier training; no rank of this one has saved before its first step.
                shutil.rmtree(place, ignore_errors=True)
            os.makedirs(place, exist_ok=True)
        return place

    # --- resume -----------------------------------------------------------------------------------

    def _tell_resumed(self, step, restored):
        if self.rank != 0 or not os.environ.get("VAULTLAYER_RESUME_FROM"):
            return
        if restored is not None and step == restored.step:
            self._event("resumed", step=step, path=restored.path)
            return
        wanted = os.environ.get("VAULTLAYER_RESUME_STEP")
        self._event("resume_not_observed", step=step, path=os.environ["VAULTLAYER_RESUME_FROM"])
        report.say(
            "resume_not_observed: step %s was restored, but this training began at step %d"
            % (wanted, step)
        )

    # --- SIGTERM ----------------------------------------------------------------------------------

    def _listen(self):
        if threading.current_thread() is not threading.main_thread():
            return  # Python lets only the main thread have handlers
        self._before, self._pid = signal.getsignal(signal.SIGTERM), os.getpid()
        if self._before is not None and self._before is not signal.SIG_IGN:
            signal.signal(signal.SIGTERM, self._signalled)

    def _signalled(self, number, frame):
        now = time.monotonic()
        if not self._asking.signalled:
            self._asking.signalled, self._told = True, now
        if callable(self._before):
            self._before(number, frame)
        elif now - self._told > ECHO_SECONDS or report.broken or os.getpid() != self._pid:
            self._die()  # told again, or a forked worker that has nothing to save

    def _die_if_told(self):
        """The save was the last: the program ends by the signal, as it would have without us."""
        if self._asking.signalled and not callable(self._before):
            end = time.monotonic() + OTHERS_SECONDS
            while self._pending and time.monotonic() < end:
                self._complete(OTHERS_SECONDS)
            self._die()

    def _die(self):
        report.flush()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)

    def _listen_no_more(self):
        # Comparing by ==: each look at a bound method makes a new one.
        if self._before is not None and signal.getsignal(signal.SIGTERM) == self._signalled:
            signal.signal(signal.SIGTERM, self._before)

    def _event(self, name, **fields):
        report.event(name, framework=self.framework, version=self.version, world=self.world,
                     **fields)


def _number(name, otherwise):
    try:
        return int(os.environ.get(name) or otherwise)
    except ValueError:
        return otherwise


def _alive(pid):
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _remove(path):
    try:
        os.unlink(path)
    except OSError:
        pass
