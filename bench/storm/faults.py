"""What each fault does. A fault that found nobody to strike says so; it was not done."""

import collections
import contextlib
import os
import resource
import signal
import threading
import time

from mainjob import processes

WAIT_FOR_VICTIM = 20.0
MOST_QUIET = 1  # strikes at a job that has committed nothing since the last one
FILE_LIMIT = 8 << 10
MOVE_ON = 240.0  # a fence, a claim that a killed plane still holds, a busy machine; it is seconds otherwise


class Storm:
    """Performs faults, each on a thread of its own; `done` and `missed` count them by kind."""

    def __init__(self, home, fleet, disk, door, bucket):
        self.home, self.fleet, self.disk = home, fleet, disk
        self.doors = (door, bucket)
        self.done, self.missed = collections.Counter(), collections.Counter()
        self.kills = 0
        self.trouble = []
        self.zombies = 0
        self.zombie_troubles = []
        self.waited_for = []  # the breaker, and a watchdog that was away, may hold silence back
        self.running = []
        self._globally = threading.Lock()
        self._count = threading.Lock()

    def strike(self, fault):
        thread = threading.Thread(target=self._strike, args=(fault,), daemon=True, name=fault.kind)
        self.running.append(thread)
        thread.start()

    def wait(self, patience, meanwhile):
        """Until every fault has ended; the kinds of those that have not."""
        until = time.monotonic() + patience
        while any(thread.is_alive() for thread in self.running) and time.monotonic() < until:
            meanwhile()
            time.sleep(0.3)
        return [thread.name for thread in self.running if thread.is_alive()]

    def heal(self):
        for door in self.doors:
            door.calm()
        self.disk.empty()
        self.home.wake_all()

    def _strike(self, fault):
        chance = fault.chance()
        try:
            if fault.kind.startswith("weather-"):
                happened = self._weather(fault.kind.removeprefix("weather-"), chance)
            elif fault.kind in ("kill-plane", "kill-plane-and-agents", "pause-plane", "full-disk"):
                with self._globally:
                    happened = getattr(self, "_" + fault.kind.replace("-", "_"))(chance)
            else:
                happened = self._one(fault.kind, chance)
        except Exception as broken:  # a fault that broke is the bench's own trouble, and told
            self.trouble.append(f"{fault.kind}: {broken!r}")
            happened = False
        with self._count:
            (self.done if happened else self.missed)[fault.kind] += 1

    def _killed(self, count):
        with self._count:
            self.kills += count

    # ---- one job

    def _one(self, kind, chance):
        trainee = self._victim(kind, chance)
        if trainee is None:
            return False
        try:
            return getattr(self, "_" + kind.replace("-", "_"))(trainee, chance)
        finally:
            trainee.busy = False

    def _victim(self, kind, chance):
        until = time.monotonic() + WAIT_FOR_VICTIM
        drawn = chance.getrandbits(32)
        while time.monotonic() < until:
            with self.fleet.lock:
                fit = [one for one in self.fleet.live.values() if self._fit(kind, one)]
                if fit:
                    one = fit[drawn % len(fit)]
                    one.busy = True
                    step = one.checkpoint_step()
                    one.quiet_strikes = one.quiet_strikes + 1 if step <= one.struck_step else 1
                    one.struck_step = max(step, one.struck_step)
                    one.struck[one.status["epoch"]] = kind
                    return one
            time.sleep(0.3)
        return None

    @staticmethod
    def _fit(kind, one):
        if one.busy or one.ending or one.status is None:
            return False
        new = one.checkpoint_step() > one.struck_step
        if kind == "kill-early":
            return one.state() == "starting" and (new or one.quiet_strikes <= MOST_QUIET)
        if one.state() != "running" or not new:
            return False
        if kind == "corrupt":
            # The one before must be sound, so that there is something to step back to.
            checkpoint = one.status["checkpoint"]
            return (checkpoint is not None and checkpoint["epoch"] == one.status["epoch"]
                    and checkpoint["step"] >= max(3, one.corrupted + 3) * one.plan.every)
        return True

    def _kill(self, pids):
        processes.signal_all(pids, signal.SIGKILL)
        self._killed(1)
        return bool(pids)

    def _kill_agent(self, one, chance):
        _, agent = self.home.folder(one.id)
        return agent is not None and self._kill([agent])

    def _kill_early(self, one, chance):
        time.sleep(chance.uniform(0, 0.5))
        return self._kill_both(one, chance)

    def _kill_training(self, one, chance):
        folder, agent = self.home.folder(one.id)
        if folder is None:
            return False
        training = self.home.training(folder, agent)
        return bool(training) and self._kill(training)

    def _kill_both(self, one, chance):
        folder, agent = self.home.folder(one.id)
        if folder is None:
            return False
        killed = self._kill(self.home.members(folder) | processes.family(agent))
        processes.signal_all(self.home.members(folder), signal.SIGKILL)  # what was forked meanwhile
        return killed

    def _kill_instance(self, one, chance):
        ran = self.home.command("kill-instance", one.id)
        if ran.returncode == 0:
            self._killed(1)
        elif ran.returncode != 3:  # 3: there is none at this moment
            self.trouble.append(f"kill-instance: exit {ran.returncode} {ran.stderr.strip()}")
        return ran.returncode == 0

    def _pause(self, pids, seconds):
        """False where the pids were gone before they could be stopped."""
        processes.signal_all(pids, signal.SIGSTOP)
        try:
            time.sleep(seconds)
        finally:
            processes.signal_all(pids, signal.SIGCONT)
        return bool(pids)

    def _longer_than_the_lease(self, chance):
        return chance.uniform(1.6, 2.4) * self.home.lease

    def _pause_agent(self, one, chance):
        """Half of them shorter than the lease, which nobody may notice."""
        _, agent = self.home.folder(one.id)
        short = chance.random() < 0.5
        seconds = chance.uniform(0.2, 0.7) * self.home.lease if short else self._longer_than_the_lease(chance)
        return agent is not None and self._pause([agent], seconds)

    def _pause_training(self, one, chance):
        folder, agent = self.home.folder(one.id)
        if folder is None:
            return False
        return self._pause(self.home.training(folder, agent), self._longer_than_the_lease(chance))

    def _pause_host(self, one, chance):
        folder, agent = self.home.folder(one.id)
        if folder is None:
            return False
        return self._pause(self.home.members(folder), self._longer_than_the_lease(chance))

    def _zombie(self, one, chance):
        """
        A host that wakes after the job moved on. The local provider would end it where it stands,
        which no provider can do to a suspended host, so its record is put out of the provider's
        reach until it has woken.
        """
        folder, agent = self.home.folder(one.id)
        if folder is None:
            return False
        epoch = self.home.ask(f"/v1/jobs/{one.id}")["epoch"]
        pids = self.home.members(folder)
        record, aside = folder / "instance.json", folder / "instance.aside"
        processes.signal_all(pids, signal.SIGSTOP)
        try:
            record.rename(aside)
            record.symlink_to(aside)
            moved = self._await(MOVE_ON, lambda: self._moved(one, epoch))
            ended = moved and self.home.ask(f"/v1/jobs/{one.id}")["epoch"] == epoch
            before = self._objects(one, epoch)
        finally:
            processes.signal_all(pids, signal.SIGCONT)
        try:
            if not moved:
                self.waited_for.append(f"{one.id}: epoch {epoch} was paused for {MOVE_ON:.0f} s and not fenced")
                return True
            if ended:  # its last word was on its way when it was stopped
                return False
            # Beats, is refused, ends its training and itself.
            gone = self._await(45, lambda: not self.home.members(folder))
            if not gone:
                self.zombie_troubles.append(f"{one.id}: the host of epoch {epoch} woke up and did not end")
            if self._objects(one, epoch) != before:
                self.zombie_troubles.append(f"{one.id}: the host of epoch {epoch} wrote after it woke up")
            self.zombies += 1
            return True
        finally:
            with contextlib.suppress(FileNotFoundError):
                record.unlink()
                aside.rename(record)

    def _moved(self, one, epoch):
        status = self.home.ask(f"/v1/jobs/{one.id}")
        return status["endedAt"] is not None or status["epoch"] > epoch and status["state"] in ("running", "starting")

    def _objects(self, one, epoch):
        root = self.home.objects(one.id)
        return sorted(
            str(path) for part in ("checkpoints", "outputs")
            for path in (root / part / f"e{epoch:08d}").rglob("*") if path.is_file()
        )

    @staticmethod
    def _await(seconds, so):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if so():
                return True
            time.sleep(0.5)
        return False

    def _corrupt(self, one, chance):
        """Flips a byte of the newest committed checkpoint on disk, and lets the host die."""
        status = self.home.ask(f"/v1/jobs/{one.id}")
        checkpoint = status["checkpoint"]
        place = (self.home.objects(one.id) / "checkpoints" / f"e{checkpoint['epoch']:08d}"
                 / f"step-{checkpoint['step']:012d}")
        files = sorted(path for path in place.rglob("*") if path.is_file() and path.name != "_manifest.json")
        if not files:
            return False
        with open(chance.choice(files), "r+b") as file:
            at = chance.randrange(os.fstat(file.fileno()).st_size)
            file.seek(at)
            old = file.read(1)
            file.seek(at)
            file.write(bytes([old[0] ^ 0xFF]))
        one.corrupted = checkpoint["step"] // one.plan.every
        return self._kill_both(one, chance)

    def _cancel_resume(self, one, chance):
        one.resumable = True
        try:
            ran = self.home.command("cancel", one.id)
            if ran.returncode == 3 and self.home.ask(f"/v1/jobs/{one.id}")["state"] != "cancelled":
                return False  # it ended meanwhile
            if ran.returncode not in (0, 3):  # 3 and cancelled: the first answer was lost with the plane
                self.trouble.append(f"cancel: exit {ran.returncode} {ran.stderr.strip()}")
                return False
            time.sleep(chance.uniform(0, 5))
            ran = self.home.command("resume", one.id)
            if ran.returncode != 0:
                self.trouble.append(f"resume {one.id}: exit {ran.returncode} {ran.stderr.strip()}")
            one.status = self.home.ask(f"/v1/jobs/{one.id}")
            return ran.returncode == 0
        finally:
            one.resumable = False

    def _file_limit(self, one, chance):
        """The agent can write no file beyond a few kilobytes, as over a quota."""
        _, agent = self.home.folder(one.id)
        if agent is None:
            return False
        with contextlib.suppress(ProcessLookupError):
            soft, hard = resource.prlimit(agent, resource.RLIMIT_FSIZE)
            resource.prlimit(agent, resource.RLIMIT_FSIZE, (FILE_LIMIT, hard))
            try:
                time.sleep(chance.uniform(4, 10))
            finally:
                with contextlib.suppress(ProcessLookupError):
                    resource.prlimit(agent, resource.RLIMIT_FSIZE, (soft, hard))
            return True
        return False

    def _reclaim(self, one, chance):
        """The host's notice, and then its end."""
        folder, agent = self.home.folder(one.id)
        if folder is None:
            return False
        notice = chance.choice((0, 2, 5, 10))
        (folder / "reclaim.next").write_text(str(notice))
        (folder / "reclaim.next").rename(folder / "reclaim")
        time.sleep(notice)
        processes.signal_all(self.home.members(folder), signal.SIGKILL)
        self._killed(1)
        return True

    # ---- everybody

    def _kill_plane(self, chance):
        killed = self.home.kill_plane(chance.uniform(0, 10))
        self._killed(killed)
        return killed

    def _kill_plane_and_agents(self, chance):
        """The plane and up to a third of the agents in the same moment."""
        with self.fleet.lock:
            fit = [one for one in self.fleet.live.values() if self._fit("kill-both", one)]
            some = chance.sample(fit, min(len(fit), chance.randint(1, max(1, self.fleet.wanted // 3))))
            for one in some:
                one.struck_step = one.checkpoint_step()
                one.struck[one.status["epoch"]] = "kill-plane-and-agents"
                one.quiet_strikes = 1
        agents = [agent for agent in (self.home.folder(one.id)[1] for one in some) if agent]
        killed = self.home.kill_plane(chance.uniform(0, 10), agents)
        self._killed(killed + len(agents))
        return killed

    def _pause_plane(self, chance):
        return self.home.pause_plane(chance.uniform(0.5, 2.0) * self.home.lease)

    def _full_disk(self, chance):
        self.disk.fill()
        try:
            time.sleep(chance.uniform(5, 20))
        finally:
            self.disk.empty()
        return True

    def _weather(self, kind, chance):
        which = chance.choice((self.doors, self.doors[:1], self.doors[1:]))
        probability, seconds = chance.uniform(0.2, 0.9), chance.uniform(4, 15)
        before = sum(door.met[kind] for door in which)
        for door in which:
            door.blow(kind, probability, seconds)
        time.sleep(seconds)
        for door in which:
            door.calm()
        return sum(door.met[kind] for door in which) > before
