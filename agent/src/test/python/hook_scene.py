"""A place in which scripts run with the import hook as they would in an attempt, without an agent."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[4]
PYTHON_SIDE = ROOT / "agent" / "src" / "main" / "resources" / "python"
FAKES = pathlib.Path(__file__).resolve().parent / "fake_transformers"

_NOT_INHERITED = ("VAULTLAYER_", "CHECKPOINT_DIR", "VL_HOOK", "RANK", "WORLD_SIZE", "LOCAL_",
                  "MASTER_", "TORCHELASTIC_", "PYTHONPATH", "PYTHONSTARTUP")


def frameworks():
    """The Python that has the frameworks, or the reason why there is none."""
    asked = subprocess.run([sys.executable, str(ROOT / "tests" / "python-env"), "--cached"],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)
    return asked.stdout.strip(), asked.stderr.strip()


class Scene(unittest.TestCase):
    """`work` is the script's directory, `kept` the kept one, `told` the hook's."""

    python = sys.executable

    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="vl-hook-"))
        self.addCleanup(shutil.rmtree, str(self.home), ignore_errors=True)
        self.work, self.kept, self.told = (self.home / n for n in ("work", "kept", "told"))
        for each in (self.work, self.kept, self.told):
            each.mkdir()
        self.extra_path = []
        self.env = {}

    def script(self, text, name="train.py"):
        (self.work / name).write_text(textwrap.dedent(text))
        return name

    def environment(self, **more):
        env = {name: each for name, each in os.environ.items()
               if not name.startswith(_NOT_INHERITED)}
        env.update(
            PYTHONPATH=os.pathsep.join([str(PYTHON_SIDE)] + [str(p) for p in self.extra_path]),
            PYTHONDONTWRITEBYTECODE="1", VAULTLAYER_RUN_DIR=str(self.told),
            VAULTLAYER_CHECKPOINT_DIR=str(self.kept), OMP_NUM_THREADS="1", HF_HUB_OFFLINE="1",
            VAULTLAYER_PROGRESS_FILE=str(self.told / "progress.json"), TOKENIZERS_PARALLELISM="false",
        )
        env.update(self.env)
        env.update(more)
        return env

    def start(self, *command, **env):
        """Starts Python."""
        process = subprocess.Popen(
            [self.python, *command], cwd=str(self.work), env=self.environment(**env),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True,
        )
        self.addCleanup(self.kill, process)
        return process

    def finish(self, process, seconds=240):
        """(exit status, stdout, stderr)"""
        out, err = process.communicate(timeout=seconds)
        return process.returncode, out, err

    def run_python(self, *command, **env):
        """Runs to an exit with 0 and returns (stdout, stderr)."""
        status, out, err = self.finish(self.start(*command, **env))
        self.assertEqual(status, 0, out[-2000:] + err[-4000:])
        return out, err

    def kill(self, process):
        """Also workers in sessions of their own, found as the agent finds them."""
        mark = ("VAULTLAYER_RUN_DIR=%s" % self.told).encode()
        for each in [process.pid] + [int(p) for p in os.listdir("/proc") if p.isdigit()]:
            try:
                if mark in pathlib.Path("/proc/%d/environ" % each).read_bytes().split(b"\0"):
                    os.kill(each, signal.SIGKILL)
            except OSError:
                pass  # gone, or not ours to see
        process.communicate(timeout=60)

    def events(self, name=None):
        path = self.told / "events.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        found = [json.loads(line) for line in lines]
        return [each for each in found if name in (None, each["event"])]

    def steps(self, name):
        return [each.get("step") for each in self.events(name)]

    def wait(self, until, process=None, seconds=240):
        end = time.monotonic() + seconds
        while not until():
            if process is not None and process.poll() is not None:
                self.fail("ended early: %s" % process.communicate()[1][-3000:])
            self.assertLess(time.monotonic(), end, "waited too long")
            time.sleep(0.02)

    def ask(self, request):
        (self.told / "unfinished").write_text(request)
        os.replace(str(self.told / "unfinished"), str(self.told / "save-now"))

    def mirrored(self):
        return sorted(int(p.name.split("-")[1]) for p in self.kept.iterdir()
                      if p.name.startswith("checkpoint-"))

    def next_attempt(self, step=None):
        """As the agent prepares it: fresh work, only the restored checkpoint, nothing told."""
        step = self.mirrored()[-1] if step is None else step
        scripts = {p.name: p.read_text() for p in self.work.iterdir() if p.suffix == ".py"}
        for each in list(self.kept.iterdir()):
            if each.name != "checkpoint-%d" % step:
                shutil.rmtree(str(each))
        for each in (self.work, self.told):
            shutil.rmtree(str(each))
            each.mkdir()
        for name, text in scripts.items():
            (self.work / name).write_text(text)
        restored = self.kept / ("checkpoint-%d" % step)
        self.env.update(VAULTLAYER_RESUME_FROM=str(restored), VAULTLAYER_RESUME_STEP=str(step))
        return restored
