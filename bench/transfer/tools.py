"""The tools that vl is compared with, each with its best documented concurrency."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
PART_MIB = 16
NICE = 10
SESSION_NICE = 10  # of a tool's whole session, where the kernel shares the CPU among sessions first; --session-nice
MIB = 1 << 20


class BenchFailed(Exception):
    """The bench itself could not go on; no promise was judged."""


def java():
    """The Java that ./vl was built for, once it is built."""
    current = ROOT / ".vl" / "dist" / "current"
    lines = current.read_text().split("\n") if current.exists() else []
    return str(pathlib.Path(lines[2], "bin", "java")) if len(lines) > 2 and lines[2] else "java"


def give_way(pid="self"):
    """As the agent does by itself: with autogroup a process's own nice counts within its session only."""
    with contextlib.suppress(OSError):
        pathlib.Path(f"/proc/{pid}/autogroup").write_text(str(SESSION_NICE))


def measured(command, environment, patience=900):
    """(wall seconds, CPU seconds of the whole tree, peak MiB of its largest process, output)."""
    import tempfile

    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        # The agent's transfer gives way by itself; on a busy machine the others must not gain by not doing so.
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                                   start_new_session=True, preexec_fn=lambda: (os.nice(NICE), give_way()))
        # wait4 counts the children that the process itself waited for, too.
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            process.wait()
            raise
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        output = said.read().decode(errors="replace")
    if process.returncode != 0:
        raise BenchFailed(f"{' '.join(command)}: exit {process.returncode}\n{output[-3000:]}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output


def clean():
    """Without the settings of whoever runs the bench; a plain-http server needs no certificates."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "RCLONE_"))}


class Tool:
    """A program that copies a directory to a prefix and back."""

    def __init__(self, name, version, flags):
        self.name, self.version, self.flags = name, version, flags
        self.start = None

    def starting(self):
        """Seconds and CPU seconds of a process that does nothing, shown apart from its work."""
        if self.start is None:
            runs = sorted(measured(self.nothing(), self.environment(None))[:2] for _ in range(3))
            self.start = runs[1]
        return self.start

    def run(self, server, phase, local, prefix):
        wall, cpu, peak, _ = measured(self.command(server, phase, local, prefix), self.environment(server))
        start, start_cpu = self.starting()
        return {"wallSeconds": max(0.001, wall - start), "startSeconds": start,
                "cpuSeconds": max(0.0, cpu - start_cpu), "peakMiB": peak}


class Rclone(Tool):
    """`--checksum`: what has the same MD5 is not sent again, whatever its time says."""

    def __init__(self):
        version = subprocess.run(["rclone", "version"], capture_output=True, text=True).stdout.split("\n")[0]
        super().__init__("rclone", version, [
            "--transfers=16", "--checkers=16", "--s3-upload-concurrency=4", f"--s3-chunk-size={PART_MIB}M",
            "--s3-upload-cutoff=64M", "--multi-thread-streams=4", "--checksum", "--fast-list",
        ])
        self.extra = []

    def nothing(self):
        return ["rclone", "version"]

    def environment(self, server):
        environment = {**clean(), "RCLONE_CONFIG": "/dev/null"}
        if server is not None:
            from .servers import ACCESS, SECRET

            environment |= {
                "RCLONE_CONFIG_BENCH_TYPE": "s3", "RCLONE_CONFIG_BENCH_PROVIDER": "Other",
                "RCLONE_CONFIG_BENCH_ENDPOINT": server.endpoint, "RCLONE_CONFIG_BENCH_ACCESS_KEY_ID": ACCESS,
                "RCLONE_CONFIG_BENCH_SECRET_ACCESS_KEY": SECRET, "RCLONE_CONFIG_BENCH_REGION": "us-east-1",
                "RCLONE_CONFIG_BENCH_FORCE_PATH_STYLE": "true", "RCLONE_CONFIG_BENCH_LIST_VERSION": "2",
                "RCLONE_CONFIG_BENCH_NO_CHECK_BUCKET": "true",
            }
        return environment

    def command(self, server, phase, local, prefix):
        from .servers import BUCKET

        remote = f"bench:{BUCKET}/{prefix}"
        ends = [remote, str(local)] if phase == "restore" else [str(local), remote]
        return ["rclone", "copy", *self.flags, *self.extra, *ends]


class AwsCli(Tool):
    """With the digest of every file before it is sent and after it came, by openssl: the CLI keeps none of its own.

    rclone stores an MD5 of every file and compares it after a restore; vl has the SHA-256 in its manifest.
    """

    def __init__(self, scratch):
        version = subprocess.run(["aws", "--version"], capture_output=True, text=True).stdout.strip()
        super().__init__("awscli", version, [
            "max_concurrent_requests=16", f"multipart_chunksize={PART_MIB}MB", "multipart_threshold=64MB",
            "max_queue_size=10000",
        ])
        self.config = pathlib.Path(scratch, "aws.config")
        lines = ["[default]", "region = us-east-1", "s3 ="]
        lines += ["  addressing_style = path"] + ["  " + flag.replace("=", " = ") for flag in self.flags]
        self.config.write_text("\n".join(lines) + "\n")
        # Of a wrapper (pyenv's is a shell script that takes a second) the program behind it.
        self.program = shutil.which("aws")
        found = shutil.which("pyenv") and subprocess.run(["pyenv", "which", "aws"], capture_output=True, text=True)
        if found and found.returncode == 0:
            self.program = found.stdout.strip()

    def nothing(self):
        return [self.program, "--version"]

    def environment(self, server):
        from .servers import ACCESS, SECRET

        return {**clean(), "AWS_CONFIG_FILE": str(self.config), "AWS_ACCESS_KEY_ID": ACCESS,
                "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_EC2_METADATA_DISABLED": "true",
                "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}

    def run(self, server, phase, local, prefix):
        taken = super().run(server, phase, local, prefix)
        files = sorted(str(path) for path in pathlib.Path(local).iterdir())
        wall, cpu, peak, _ = measured(["openssl", "dgst", "-sha256", "-r", *files], self.environment(None))
        taken["bare"] = {"wallSeconds": taken["wallSeconds"], "cpuSeconds": taken["cpuSeconds"]}
        taken["wallSeconds"] += wall
        taken["cpuSeconds"] += cpu
        taken["peakMiB"] = max(taken["peakMiB"], peak)
        return taken

    def command(self, server, phase, local, prefix):
        from .servers import BUCKET

        remote = f"s3://{BUCKET}/{prefix}"
        ends = [remote, str(local)] if phase == "restore" else [str(local), remote]
        # sync leaves out what has the same size and is not newer; cp would not even look.
        return [self.program, "s3", "sync", "--no-progress", "--only-show-errors",
                "--endpoint-url", server.endpoint, *ends]


class Ceiling:
    """A client that neither reads nor hashes; see Ceiling.java."""

    name, version = "ceiling", "Ceiling.java"

    def __init__(self, large, small):
        self.large, self.small = large, small
        self.flags = [f"{large} connections, {small} for small files", f"parts of {PART_MIB} MiB"]

    def run(self, server, phase, case, prefix):
        from .servers import ACCESS, BUCKET, SECRET

        count, size = case.count, case.size
        if phase == "changed":
            count, size = (1, case.size // 10) if case.count == 1 else ((case.count + 9) // 10, case.size)
        command = [java(), "-XX:+UseSerialGC", "-Xmx128m", str(HERE / "Ceiling.java"),
                   "get" if phase == "restore" else "put", server.endpoint, BUCKET, prefix, ACCESS, SECRET,
                   str(count), str(size), str(PART_MIB << 20), str(self.small if case.size <= MIB else self.large)]
        wall, _, peak, output = measured(command, dict(os.environ))
        told = json.loads(output.strip().split("\n")[-1])
        return {"wallSeconds": told["wallSeconds"], "startSeconds": wall - told["wallSeconds"],
                "cpuSeconds": told["cpuSeconds"], "peakMiB": peak}
