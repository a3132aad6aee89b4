"""A home of its own with an embedded plane in it, the `vl` commands on it, and its API."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.request

from . import processes

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORKLOAD = ROOT / "bench" / "workload"


class BenchFailed(Exception):
    """The bench itself could not go on; no promise was judged."""


class Home:
    """Everything that was started in it is gone after close()."""

    def __init__(self, beat=2, lease=8, **more):
        self.beat, self.lease = beat, lease
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="vl-bench-"))
        self.followers = []
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("VAULTLAYER_", "VL_")) or name in ("VAULTLAYER_AOT", "VAULTLAYER_JDK_URL")
        }
        self.environment = {
            **kept,
            "VAULTLAYER_HOME": str(self.path),
            "VAULTLAYER_LOCAL_BEAT_SECONDS": str(beat),
            "VAULTLAYER_LOCAL_LEASE_SECONDS": str(lease),
            **more,
        }

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def vl(self, *words, check=True, patience=300):
        try:
            ran = subprocess.run(
                [str(ROOT / "vl"), *words], cwd=str(ROOT), env=self.environment,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=patience,
            )
        except subprocess.TimeoutExpired:
            raise BenchFailed(f"vl {' '.join(words)}: still running after {patience} s") from None
        if check and ran.returncode != 0:
            raise BenchFailed(f"vl {' '.join(words)}: exit {ran.returncode}\n{ran.stdout}{ran.stderr}")
        return ran

    def timed(self, *words):
        """Wall-clock seconds of a whole `vl` process."""
        began = time.perf_counter()
        self.vl(*words)
        return time.perf_counter() - began

    def follow(self, *words):
        follower = Follower(self, words)
        self.followers.append(follower)
        return follower

    # ---- the API

    def plane(self):
        return json.loads((self.path / "local" / "plane.json").read_text())

    def get(self, route):
        plane = self.plane()
        token = pathlib.Path(plane["tokenFile"]).read_text().strip()
        request = urllib.request.Request(plane["endpoint"] + route, headers={"Authorization": "Bearer " + token})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    def status(self, job):
        return self.get(f"/v1/jobs/{job}")

    def await_status(self, job, wished, what, patience, pause=0.1):
        until = time.monotonic() + patience
        while True:
            status = self.status(job)
            if wished(status):
                return status
            if status["endedAt"] is not None or time.monotonic() > until:
                raise BenchFailed(f"waited {patience:.0f} s for {what}; the job is\n{json.dumps(status, indent=1)}")
            time.sleep(pause)

    def agent(self, job, epoch):
        """Pid of the agent of an epoch, and its label."""
        for folder in (self.path / "local" / "instances").glob(f"*{job}-e{epoch}-*"):
            pid = json.loads((folder / "instance.json").read_text())["pid"]
            if pid:
                return pid
        raise BenchFailed(f"no agent of {job} epoch {epoch}")

    # ---- what its processes cost

    def plane_pids(self):
        return processes.family(self.plane()["pid"])

    def close(self):
        for follower in self.followers:
            follower.stop()
        mine = f"VAULTLAYER_INSTANCE_DIR={self.path}"
        processes.end(processes.with_environment(mine))
        if (self.path / "local" / "plane.json").exists():
            pids = self.plane_pids()
            with contextlib.suppress(BenchFailed):  # what does not go down when asked is killed
                self.vl("local", "down", check=False)
            processes.end(pids)
        # What the plane started while it went down.
        processes.end(processes.with_environment(mine))
        processes.end(processes.with_environment(f"VAULTLAYER_HOME={self.path}"))
        shutil.rmtree(self.path, ignore_errors=True)


class Follower:
    """`vl run` as a person runs it, with the time at which each line of the script was seen."""

    def __init__(self, home, words):
        self.began = time.time()
        self.process = subprocess.Popen(
            [str(ROOT / "vl"), "run", "--workdir", str(WORKLOAD), *words], cwd=str(ROOT), env=home.environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        self.lines = []
        self.said = []
        self.arrived = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._hear, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            seen = time.time()
            with self.arrived:
                self.lines.append((seen, line.decode(errors="replace").rstrip("\n")))
                self.arrived.notify_all()
        with self.arrived:
            self.arrived.notify_all()

    def _hear(self):
        for line in self.process.stderr:
            self.said.append(line.decode(errors="replace").rstrip("\n"))
            with self.arrived:
                self.arrived.notify_all()

    def _await(self, find, what, patience):
        until = time.monotonic() + patience
        with self.arrived:
            while True:
                found = find()
                if found is not None:
                    return found
                left = until - time.monotonic()
                if left <= 0 or self.process.poll() is not None and self.process.returncode != 0:
                    raise BenchFailed(f"waited for {what}, but vl run said\n" + "\n".join(self.said[-20:]))
                self.arrived.wait(min(left, 0.5))

    def job(self, patience=120):
        """The job's id, from what `vl run` says."""
        words = lambda: next((line.split()[2] for line in self.said if line.startswith("vl: job job_")), None)
        return self._await(words, "the job's id", patience)

    def first_line(self, attempt, patience=120):
        """(seen, started): when the attempt's first line was seen, and what it says."""

        def find():
            for seen, line in self.lines:
                if line.startswith('{"started":'):
                    started = json.loads(line)["started"]
                    if started["attempt"] >= attempt:
                        return seen, started
            return None

        return self._await(find, f"the first line of attempt {attempt}", patience)

    def ended(self, patience=60):
        try:
            return self.process.wait(patience)
        except subprocess.TimeoutExpired:
            raise BenchFailed("vl run did not end:\n" + "\n".join(self.said[-20:])) from None

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
