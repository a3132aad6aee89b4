"""The two fine-tuning examples on tiny random models: they train, they save, and, killed, they go on by themselves.

What an attempt's environment is to a script is made by hand here; the real agent is in tests/.
"""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

EXAMPLES = pathlib.Path(__file__).resolve().parents[1]
HOOK = EXAMPLES.parent / "agent" / "src" / "main" / "resources" / "python"
LIMIT_SECONDS = 240


def framework_python():
    asked = subprocess.run(
        [str(EXAMPLES.parent / "tests" / "python-env"), "--cached"], capture_output=True, text=True, timeout=60
    )
    return asked.stdout.strip()


PYTHON = framework_python()


@unittest.skipUnless(PYTHON, "no Python with the frameworks: the TinyLlama and Qwen examples were not run")
class FineTuning(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = pathlib.Path(tempfile.mkdtemp(prefix="vl-tuning-"))
        cls.addClassCleanup(shutil.rmtree, str(cls.home), ignore_errors=True)
        subprocess.run(
            [PYTHON, str(EXAMPLES / "tests" / "tiny_models.py"), str(cls.home)], check=True, env=cls.environment(),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=LIMIT_SECONDS,
        )

    @staticmethod
    def environment(**more):
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("VAULTLAYER", "VL_"))}
        clean.update(OMP_NUM_THREADS="1", HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false", **more)
        return clean

    def start(self, example, model, place, *arguments, **environment):
        work = self.home / place
        work.mkdir()
        shutil.copy(EXAMPLES / example / "train.py", work)
        with open(work / "log", "w") as log:
            process = subprocess.Popen(
                [PYTHON, "train.py", "--model", str(self.home / model), "--dataset", str(self.home / "alpaca.json"),
                 "--output", "out", "--length", "64", "--batch", "2", "--accumulate", "2", *arguments],
                cwd=work, env=self.environment(**environment), stdout=log, stderr=subprocess.STDOUT,
            )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process, work

    def test_tinyllama_trains_and_saves_an_adapter(self):
        process, work = self.start("tinyllama-qlora", "llama", "llama-run", "--steps", "4", "--save-steps", "2")
        self.assertEqual(0, process.wait(LIMIT_SECONDS), (work / "log").read_text()[-2000:])
        said = (work / "log").read_text()
        self.assertIn("done: step 4", said)
        self.assertIn("without 4-bit quantisation", said)
        self.assertTrue((work / "out/adapter/adapter_model.safetensors").is_file())
        self.assertTrue((work / "out/checkpoint-4/trainer_state.json").is_file())

    def test_qwen_killed_goes_on_from_its_checkpoint_without_a_line_for_it(self):
        kept = self.home / "kept"
        kept.mkdir()

        def attempt(number, **more):
            run = self.home / ("run%d" % number)
            run.mkdir()
            return self.start(
                "qwen-qlora", "qwen", "qwen-%d" % number, "--steps", "200" if number == 1 else "8", "--save-steps", "4",
                PYTHONPATH=str(HOOK), VAULTLAYER_CHECKPOINT_DIR=str(kept), VAULTLAYER_RUN_DIR=str(run),
                VAULTLAYER_PROGRESS_FILE=str(run / "progress.json"), **more,
            )

        first, work = attempt(1)
        end = time.monotonic() + LIMIT_SECONDS
        while not (kept / "checkpoint-4").exists():
            self.assertIsNone(first.poll(), (work / "log").read_text()[-2000:])
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)
        first.send_signal(signal.SIGKILL)
        first.wait()
        for other in kept.iterdir():
            if other.name != "checkpoint-4":
                shutil.rmtree(other)
        second, work = attempt(2, VAULTLAYER_RESUME_FROM=str(kept / "checkpoint-4"), VAULTLAYER_RESUME_STEP="4")
        self.assertEqual(0, second.wait(LIMIT_SECONDS), (work / "log").read_text()[-2000:])
        self.assertIn("done: step 8", (work / "log").read_text())
        self.assertIn('"event": "resumed"', (self.home / "run2/events.jsonl").read_text())
        self.assertTrue((kept / "checkpoint-8").is_dir())


if __name__ == "__main__":
    unittest.main()
