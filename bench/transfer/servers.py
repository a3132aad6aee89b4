"""The S3 servers on loopback: the one under the embedded plane's bucket, and one that discards."""

import os
import pathlib
import shutil
import socket
import subprocess
import time

from mainjob import processes

from .tools import BenchFailed, java

ACCESS, SECRET, BUCKET = "BENCHACCESS", "bench/secret", "bench"
HERE = pathlib.Path(__file__).resolve().parent


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One process; `keeps` says whether what it was sent can be read back."""

    def __init__(self, name, keeps, command, port, log, prepare=None):
        self.name, self.keeps, self.port = name, keeps, port
        self.endpoint = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=prepare)
        until = time.monotonic() + 60
        while True:
            with socket.socket() as probe:
                probe.settimeout(1)
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            if self.process.poll() is not None or time.monotonic() > until:
                raise BenchFailed(f"the server {name} did not start")
            time.sleep(0.1)

    def cpu(self):
        seen = processes.stat(self.process.pid)
        return seen[2] if seen else 0.0

    def close(self):
        self.process.kill()
        self.process.wait()


class S3Proxy(Server):
    """Stock S3Proxy over a directory, with signatures checked."""

    def __init__(self, dist, directory, log):
        self.base = pathlib.Path(directory, "s3proxy")
        (self.base / BUCKET).mkdir(parents=True)
        port = free_port()
        path = (dist / "plane.cp").read_text().strip()
        command = [java(), "-Xmx512m", "-cp", path, str(HERE / "Keeping.java"), str(port), str(self.base), ACCESS, SECRET]
        super().__init__("s3proxy", True, command, port, log)

    def place(self, key, content):
        path = self.base / BUCKET / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def clear(self):
        for entry in os.listdir(self.base / BUCKET):
            path = self.base / BUCKET / entry
            shutil.rmtree(path) if path.is_dir() else path.unlink()


class Discarding(Server):
    def __init__(self, directory, log, prepare=None):
        port = free_port()
        command = [java(), "-Xmx256m", "-XX:+UseSerialGC", str(HERE / "Discard.java"), str(port)]
        super().__init__("discard", False, command, port, log, prepare)

    def place(self, key, content):
        import urllib.request

        request = urllib.request.Request(f"{self.endpoint}/{BUCKET}/{key}", data=content, method="PUT")
        urllib.request.urlopen(request, timeout=10).read()

    def clear(self):
        pass
