"""The plane seen from the bench while it is being killed: asked again until it answers."""

import contextlib
import json
import os
import signal
import threading
import time
import urllib.error
import urllib.request

from mainjob import processes
from mainjob.home import BenchFailed, Home

PATIENCE = 120.0


class StormHome(Home):
    """A home whose plane may be gone at any moment; the next `vl` command starts it again."""

    def __init__(self, door, bucket):
        super().__init__(
            VAULTLAYER_LOCAL_AGENT_ENDPOINT=door.endpoint,
            VAULTLAYER_LOCAL_AGENT_S3_ENDPOINT=bucket.endpoint,
        )
        self.instances = self.path / "local" / "instances"
        self.revivals = 0
        self.cli_retries = 0
        self._wanted_down = threading.Event()
        self._reviving = threading.Lock()

    def ports(self):
        return json.loads((self.path / "local" / "ports.json").read_text())

    def ask(self, route):
        """An answer of the API, however long the plane is away."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return self.get(route)
            except urllib.error.HTTPError as refused:
                if refused.code < 500:
                    raise
                trouble = f"status {refused.code}"
            except (OSError, ValueError, json.JSONDecodeError) as gone:
                trouble = str(gone)
                self._revive()
            if time.monotonic() > until:
                raise BenchFailed(f"GET {route}: no answer for {PATIENCE:.0f} s, last: {trouble}")
            time.sleep(0.3)

    def pages(self, route, key):
        """All rows of a list."""
        after = None
        while True:
            joint = "&" if "?" in route else "?"
            page = self.ask(route + (f"{joint}after={after}" if after else ""))
            yield from page[key]
            after = page.get("next")
            if not after:
                return

    def command(self, *words, patience=PATIENCE):
        """A `vl` command that may meet a plane that is just being killed: said again while it does."""
        until = time.monotonic() + patience
        while True:
            ran = self.vl(*words, check=False)
            if ran.returncode != 5 or time.monotonic() > until:
                return ran
            self.cli_retries += 1
            time.sleep(0.5)

    def plane_pid(self):
        try:
            return self.plane()["pid"]
        except (OSError, ValueError):
            return None

    def kill_plane(self, down, also=()):
        """SIGKILL to the plane and others at once; it is left down for so long."""
        self._wanted_down.set()
        try:
            pid = self.plane_pid()
            if pid is not None:
                processes.signal_all([pid, *also], signal.SIGKILL)
            time.sleep(down)
        finally:
            self._wanted_down.clear()
        self._revive()
        return pid is not None

    def pause_plane(self, seconds):
        pid = self.plane_pid()
        if pid is None:
            return False
        processes.signal_all([pid], signal.SIGSTOP)
        try:
            time.sleep(seconds)
        finally:
            processes.signal_all([pid], signal.SIGCONT)
        return True

    def _revive(self):
        """What a person does: the next command. Nothing while the plane is meant to be down."""
        if self._wanted_down.is_set():
            return
        with self._reviving:
            pid = self.plane_pid()
            seen = processes.stat(pid) if pid else None
            if seen is not None and seen[3] not in "ZX":
                return
            self.revivals += 1
            self.vl("ps", "--json", check=False)

    # ---- instances

    def folder(self, job):
        """The folder of the job's newest instance whose agent lives, and the agent's pid."""
        best = None
        for path in self.instances.glob(f"*-{job}-e*"):
            with contextlib.suppress(OSError, ValueError):
                pid = json.loads((path / "instance.json").read_text())["pid"]
                epoch = int(path.name.rsplit("-e", 1)[1].split("-")[0])
                seen = processes.stat(pid) if pid else None
                if seen is not None and seen[3] != "Z" and (best is None or epoch > best[2]):
                    best = (path, pid, epoch)
        return (best[0], best[1]) if best else (None, None)

    def members(self, folder):
        """All living processes of an instance."""
        return set(processes.with_environment(f"VAULTLAYER_INSTANCE={folder.name}", whole=True))

    def training(self, folder, agent):
        return self.members(folder) - {agent}

    def objects(self, job):
        """Where the embedded bucket keeps a job's files."""
        return self.path / "local" / "bucket" / self.plane()["bucket"] / "jobs" / job

    def everybody(self):
        """Living processes that belong to this home in any way: by their marks, or by where they stand."""
        found = set(processes.with_environment(f"VAULTLAYER_INSTANCE_DIR={self.path}"))
        found |= set(processes.with_environment(f"VAULTLAYER_HOME={self.path}"))
        for pid, seen in processes.everybody().items():
            with contextlib.suppress(OSError):
                if seen[3] != "Z" and os.readlink(f"/proc/{pid}/cwd").startswith(str(self.path)):
                    found.add(pid)
        return found - {os.getpid()}

    def wake_all(self):
        pid = self.plane_pid()
        processes.signal_all(self.everybody() | ({pid} if pid else set()), signal.SIGCONT)
