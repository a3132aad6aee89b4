"""vl's own agent as a host runs it, with a control plane that says yes."""

import hashlib
import http.server
import io
import json
import os
import pathlib
import subprocess
import tarfile
import threading
import time

from mainjob import processes

from .servers import ACCESS, BUCKET, SECRET
from .tools import BenchFailed, give_way, java

BEAT_SECONDS = 2


class Plane:
    """Answers the agent's calls, and notes when a commit came."""

    def __init__(self, server, command, environment=None):
        self.server, self.command, self.user_environment = server, command, environment or {}
        self.pointer = None
        self.arrived = threading.Condition()
        self.registered_at = None
        self.commits = {}
        self.holds = []
        plane = self

        class Door(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
                answer = json.dumps(plane.answer(self.path.rsplit("/", 1)[1], body)).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            def handle_error(self, *_):
                pass  # an agent that is ended breaks its connection off

        self.door = Quiet(("127.0.0.1", 0), Door)
        self.door.daemon_threads = True
        threading.Thread(target=self.door.serve_forever, daemon=True).start()
        self.endpoint = f"http://127.0.0.1:{self.door.server_port}"

    def close(self):
        self.door.shutdown()
        self.door.server_close()

    def answer(self, call, body):
        with self.arrived:
            if call == "register":
                self.registered_at = time.time()
                answer = self.assignment()
            elif call == "heartbeat":
                answer = {"intervalSeconds": BEAT_SECONDS, "leaseSeconds": 120, "credentials": None, "command": None}
            elif call == "commit":
                self.commits[body["step"]] = (time.time(), body)
                answer = {"step": body["step"], "epoch": 1}
            elif call == "credentials":
                answer = self.credentials()
            elif call == "hold":
                self.holds.append(body)
                answer = {}
            else:
                answer = {}
            self.arrived.notify_all()
            return answer

    def credentials(self):
        return {"endpoint": self.server.endpoint, "region": "us-east-1", "bucket": BUCKET, "accessKeyId": ACCESS,
                "secretAccessKey": SECRET, "sessionToken": None, "prefix": "jobs/", "expiresAt": "2099-01-01T00:00:00Z"}

    def assignment(self):
        return {"job": self.job, "epoch": self.epoch, "name": "bench", "command": self.command,
                "environment": self.user_environment, "hostEnvironment": {}, "setup": None, "checkpointDir": None,
                "checkpointEvery": None, "workdirKey": self.workdir_key, "workdirSha256": self.workdir_sha256,
                "workdirBytes": self.workdir_bytes, "checkpoint": self.pointer, "credentials": self.credentials(),
                "beatSeconds": BEAT_SECONDS, "leaseSeconds": 120, "parkSeconds": 600, "deadManSeconds": 1800,
                "retryExitCodes": []}

    def job_is(self, job, epoch=1, files=()):
        """Places a small work directory in the bucket."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as tar:
            for name, text in (("README", "bench\n"), *files):
                info = tarfile.TarInfo(name)
                info.size = len(text.encode())
                tar.addfile(info, io.BytesIO(text.encode()))
        content = packed.getvalue()
        self.job, self.epoch = job, epoch
        self.workdir_sha256 = hashlib.sha256(content).hexdigest()
        self.workdir_bytes = len(content)
        self.workdir_key = f"jobs/{job}/workdir/{self.workdir_sha256}.tar.gz"
        self.server.place(self.workdir_key, content)

    def until(self, condition, what, patience, agent):
        until = time.monotonic() + patience
        with self.arrived:
            while not condition():
                if self.holds:
                    raise BenchFailed(f"the agent held the checkpoint: {self.holds}")
                if time.monotonic() > until or agent.process.poll() is not None:
                    raise BenchFailed(f"waited for {what}; the agent's log ends\n{agent.log()}")
                self.arrived.wait(0.5)


class Agent:
    """One agent process in a directory of its own."""

    def __init__(self, dist, directory, plane, patience=60):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.plane = plane
        (self.directory / "bootstrap.json").write_text(json.dumps({
            "endpoint": plane.endpoint, "job": plane.job, "epoch": plane.epoch, "launch": 1,
            "label": f"vl-bench-{plane.job}-e{plane.epoch}-1", "bootstrapToken": "vlb_bench"}))
        environment = {name: value for name, value in os.environ.items() if not name.startswith("VAULTLAYER_")}
        plane.registered_at = None
        self.began = time.time()
        # A session of its own, so that the agent's orphans are not taken for the bench's.
        self.process = subprocess.Popen(
            [java(), "@" + str(dist / "agent.args"), str(self.directory)], env=environment, cwd=str(self.directory),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        give_way(self.process.pid)
        plane.until(lambda: plane.registered_at is not None, "the agent to register", patience, self)
        self.start_seconds = plane.registered_at - self.began

    @property
    def kept(self):
        return self.directory / "scratch" / "checkpoints"

    def log(self):
        path = self.directory / "agent.log"
        return "\n".join(path.read_text().split("\n")[-12:]) if path.exists() else "(none)"

    def cpu(self):
        """Of the whole tree; the script sleeps."""
        now = processes.everybody()
        ours = processes.family(self.process.pid)
        return sum(now[pid][2] for pid in ours if pid in now)

    def peak_mib(self):
        return processes.status_mib(self.process.pid, "VmHWM")

    def forget_peak(self):
        pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def runs_script(self, marker, patience):
        """Time at which the script made its marker file."""
        until = time.monotonic() + patience
        while not marker.exists():
            if time.monotonic() > until or self.process.poll() is not None:
                raise BenchFailed(f"the script did not start; the agent's log ends\n{self.log()}")
            time.sleep(0.005)
        give_way(self.process.pid)  # by then it has done so itself; this is for another --session-nice
        return marker.stat().st_mtime

    def save(self, prepared, step, patience=900):
        """Renames a prepared directory into the kept one, as a careful script does, and awaits the commit."""
        before_cpu = self.cpu()
        self.forget_peak()
        snapshots = self.directory / "scratch" / "agent" / "snapshots"
        renamed = time.time()
        os.rename(prepared, self.kept / f"checkpoint-{step}")
        found = self.seen(snapshots, step)
        self.plane.until(lambda: step in self.plane.commits, f"the commit of step {step}", patience, self)
        at, commit = self.plane.commits[step]
        cpu = self.cpu() - before_cpu
        return {"wallSeconds": at - found, "noticeSeconds": found - renamed, "startSeconds": self.start_seconds,
                "cpuSeconds": cpu, "peakMiB": self.peak_mib()}, commit

    def seen(self, snapshots, step):
        """When the pipeline began with it: when its snapshot's directory appeared."""
        until = time.monotonic() + 60
        while time.monotonic() < until:
            if step in self.plane.commits:
                break
            try:
                if any(True for _ in os.scandir(snapshots)):
                    return time.time()
            except FileNotFoundError:
                pass
            time.sleep(0.002)
        raise BenchFailed(f"the snapshot of step {step} was not seen; the agent's log ends\n{self.log()}")

    def close(self):
        pids = processes.family(self.process.pid)
        processes.end(pids)
        self.process.wait()
