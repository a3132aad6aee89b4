"""bench/main-job: its arguments, its document, and what it says when a promise is broken.

The bench itself, which takes a minute or two, runs here only with VAULTLAYER_BENCH=1.
"""

import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import types
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BENCH = ROOT / "bench"
sys.dont_write_bytecode = True
sys.path.insert(0, str(BENCH))

from mainjob import figures, measure  # noqa: E402

SUBMIT = {"seconds": 2.0, "agentCpu": 0.3, "agentPeakMiB": 80.0, "phases": {"one": 0.5}}
DEATH = {
    "class": "confirmed", "beatSeconds": 2, "leaseSeconds": 8, "fence": 0.8, "resumed": 2.4, "agentCpu": 0.3,
    "agentPeakMiB": 82.0, "wrongResume": 0, "otherKind": 0, "phases": {"two": 0.5},
}
SILENT = {**DEATH, "class": "saysRunning", "fence": 12.3, "resumed": 14.0}
IDLE = {"seconds": 600.0, "cpuPercent": 0.4, "rssMiB": 300.0}


def run(*words, root=ROOT, **more):
    return subprocess.run(
        [str(root / "bench/main-job"), *words], capture_output=True, text=True, timeout=600,
        stdin=subprocess.DEVNULL, **more,
    )


def document(submits=(SUBMIT,), deaths=(DEATH, SILENT), ps=0.5, idle=IDLE):
    made = measure.document(
        types.SimpleNamespace(seed=1, quick=True), list(submits), {"--help": [0.3], "ps": [ps]}, list(deaths), idle,
        "java", 0.0,
    )
    made["promises"] = figures.promises(made)
    return made


def broken(made):
    return [row["figure"] for row in made["promises"] if row["broken"]]


class MainJobBenchTest(unittest.TestCase):
    def test_help_shows_an_example_and_wrong_values_are_wrong_usage(self):
        said = run("--help")
        self.assertEqual(0, said.returncode)
        self.assertIn("example: bench/main-job", said.stdout)
        for words in (["--kills", "0"], ["--kills", "many"], ["--idle-seconds", "0"], ["--no-such"], ["stray"]):
            ran = run(*words)
            self.assertEqual((2, ""), (ran.returncode, ran.stdout), words)

    def test_the_document_has_the_contracts_fields(self):
        made = json.loads(json.dumps(document()))
        for name in ("submitToFirstLineSeconds", "deathToFenceSeconds", "deathToResumedLineSeconds"):
            self.assertLessEqual({"p50", "p99"}, set(made[name]), name)
        for name in ("cliHelpSeconds", "cliPsSeconds", "idleRssMiB", "idleCpuPercent", "kills"):
            self.assertIsInstance(made[name], (int, float), name)
        self.assertEqual(2, made["kills"])
        self.assertEqual(["confirmed", "saysRunning"], [c["class"] for c in made["deathToFenceSeconds"]["classes"]])
        self.assertEqual(0.8, made["deathToFenceSeconds"]["p99"], "the unconfirmed ones have a class of their own")

    def test_every_promise_can_be_broken_and_is_named_in_the_table(self):
        self.assertEqual([], broken(document()))
        cases = {
            "submit to first line, warm, p50": document(submits=[{**SUBMIT, "seconds": 3.1}]),
            "death to fence, confirmed, 2/8 s, p99": document(deaths=[{**DEATH, "fence": 2.1}]),
            "death to fence, saysRunning, 2/8 s, p99": document(deaths=[DEATH, {**SILENT, "fence": 14.1}]),
            "vl ps, whole process, p50": document(ps=0.71),
            "idle plane, all processes, resident": document(idle={**IDLE, "rssMiB": 430.0}),
            "idle plane, all processes, CPU": document(idle={**IDLE, "cpuPercent": 3.1}),
            "agent, resident at most": document(submits=[{**SUBMIT, "agentPeakMiB": 115.0}]),
            "agent, CPU until the script starts, p50": document(submits=[{**SUBMIT, "agentCpu": 0.7}] * 3),
            "resumed from another step than the pointer's": document(deaths=[{**DEATH, "wrongResume": 1}]),
            "deaths that were taken for another kind": document(deaths=[{**DEATH, "otherKind": 1}]),
        }
        for figure, made in cases.items():
            self.assertEqual([figure], broken(made))
            self.assertRegex(figures.table(made), figure + r".*BROKEN")

    def test_a_percentile_is_a_value_that_was_measured(self):
        values = [random.Random(7).random() for _ in range(33)]
        for percent in (1, 50, 99, 100):
            self.assertIn(figures.percentile(values, percent), values)
        self.assertEqual(2, figures.percentile([3, 1, 2], 50))
        self.assertEqual(max(values), figures.percentile(values, 99))

    def test_times_of_any_precision_are_read(self):
        self.assertAlmostEqual(0.25, measure.instant("2026-11-21T03:28:02.25Z") - measure.instant("2026-11-21T03:28:02Z"))
        self.assertAlmostEqual(
            0.123456789, measure.instant("2026-11-21T03:28:02.123456789Z") - measure.instant("2026-11-21T03:28:02Z"), 6
        )

    def test_a_plane_that_cannot_be_had_is_an_error_of_the_bench_and_leaves_nothing_behind(self):
        root = pathlib.Path(tempfile.mkdtemp(prefix="vl bench "))
        self.addCleanup(shutil.rmtree, root, True)
        shutil.copytree(BENCH, root / "bench")
        (root / "vl").write_text("#!/bin/sh\necho 'no plane today' >&2\nexit 5\n")
        (root / "vl").chmod(0o755)
        homes = root / "homes"
        homes.mkdir()
        ran = run("--quick", "--json", root=root, env={**os.environ, "TMPDIR": str(homes)})
        self.assertEqual(3, ran.returncode)
        self.assertEqual("bench_failed", json.loads(ran.stdout)["code"])
        self.assertIn("no plane today", json.loads(ran.stdout)["message"])
        self.assertEqual([], list(homes.iterdir()))

    def test_its_training_script_goes_on_after_its_newest_checkpoint(self):
        kept = pathlib.Path(tempfile.mkdtemp(prefix="vl kept "))
        self.addCleanup(shutil.rmtree, kept, True)

        def train(steps):
            ran = subprocess.run(
                [sys.executable, str(BENCH / "workload/steps.py"), "--steps", str(steps), "--seconds-per-step", "0"],
                env={**os.environ, "VAULTLAYER_CHECKPOINT_DIR": str(kept)}, capture_output=True, text=True, check=True,
            )
            return ran.stdout.splitlines()

        train(12)
        self.assertEqual(["checkpoint-10", "checkpoint-5"], sorted(path.name for path in kept.iterdir()))
        again = train(13)
        self.assertEqual(10, json.loads(again[0])["started"]["step"])
        self.assertEqual(["step 11", "step 12", "step 13"], again[1:])

    @unittest.skipUnless(os.environ.get("VAULTLAYER_BENCH"), "takes a minute or two; VAULTLAYER_BENCH=1 runs it")
    def test_a_quick_run_prints_one_document_and_judges_it(self):
        ran = run("--quick", "--json")
        made = json.loads(ran.stdout)
        self.assertEqual(1 if broken(made) else 0, ran.returncode)
        self.assertEqual(4, made["kills"])
        self.assertEqual(0, made["wrongResumes"])


if __name__ == "__main__":
    unittest.main()
