"""The examples as real processes: killed at any moment, they end with the bytes of a whole run.

    python3 -m unittest discover examples/tests

Sizes are quick. Rows that need torch say that they are skipped where it is not installed.
"""

import hashlib
import importlib.util
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

EXAMPLES = pathlib.Path(__file__).resolve().parents[1]
SCRIPTS = EXAMPLES / "tests" / "scripts"
HELPER = EXAMPLES.parent / "agent" / "src" / "main" / "resources" / "python"
LIMIT_SECONDS = 240


class Case(unittest.TestCase):
    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="vl-examples-"))
        self.addCleanup(shutil.rmtree, str(self.home), ignore_errors=True)

    def place(self, name):
        """A directory for checkpoints and one for outputs, of one job."""
        return self.home / name / "checkpoints", self.home / name / "outputs"

    def start(self, place, script, *args, **env):
        checkpoints, outputs = place
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("VAULTLAYER", "VL_"))}
        clean.update(
            VAULTLAYER_CHECKPOINT_DIR=str(checkpoints), CHECKPOINT_DIR=str(checkpoints),
            VL_OUTPUT_DIR=str(outputs), PYTHONPATH=str(HELPER), **env
        )
        process = subprocess.Popen(
            [sys.executable, str(script), *args], env=clean, cwd=str(self.home),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True,
        )
        timer = threading.Timer(LIMIT_SECONDS, process.kill)
        timer.start()
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(timer.cancel)
        return process

    def finish(self, place, script, *args, **env):
        process = self.start(place, script, *args, **env)
        lines = process.stdout.read().splitlines()
        self.assertEqual(0, process.wait(), "\n".join(lines[-10:]))
        return lines

    def killed_until_done(self, place, script, *args, rng, lines, kills=4, **env):
        """Gives the output of every attempt; the last one ended by itself.

        Each kill comes a moment after some number of lines, `lines` being the fewest and the most.
        """
        attempts = []
        for _ in range(kills):
            process = self.start(place, script, *args, **env)
            seen = [process.stdout.readline() for _ in range(rng.randint(*lines) + 1)]
            time.sleep(rng.uniform(0.0, 0.05))
            process.kill()
            seen.append(process.stdout.read())
            self.assertIn(process.wait(), (0, -signal.SIGKILL), "".join(seen))
            attempts.append("".join(seen).splitlines())
        attempts.append(self.finish(place, script, *args, **env))
        return attempts

    def assert_continues(self, attempts, first_lines=("fresh start",)):
        """Each attempt says where it goes on, never behind where the one before it went on."""
        before = 0
        for lines in attempts:
            resumed = re.match(r"resuming from checkpoint-(\d+) \(step (\d+)\)$", lines[0])
            at = int(resumed.group(2)) if resumed else 0
            if not resumed:
                self.assertIn(lines[0], first_lines)
            self.assertGreaterEqual(at, before)
            steps = [int(m.group(1)) for m in map(re.compile(r"step (\d+)/").match, lines) if m]
            if steps:
                self.assertEqual(list(range(at + 1, steps[-1] + 1)), steps)
            before = at
        self.assertGreater(before, 0, "no kill came after a save: this test proves nothing")


class Digits(Case):
    SCRIPT = EXAMPLES / "digits" / "train.py"

    def test_killed_at_random_moments_it_ends_with_the_same_bytes(self):
        args = ("--steps", "150", "--checkpoint-every", "7", "--print-every", "1")
        straight, killed = self.place("straight"), self.place("killed")
        whole = self.finish(straight, self.SCRIPT, *args)
        attempts = self.killed_until_done(
            killed, self.SCRIPT, *args, rng=random.Random(20261121), lines=(8, 40)
        )
        self.assert_continues(attempts)
        weights = [(place[1] / "weights.bin").read_bytes() for place in (straight, killed)]
        self.assertEqual(*weights)
        self.assertEqual(whole[-1], attempts[-1][-1])
        self.assertIn("sha256 " + hashlib.sha256(weights[0]).hexdigest(), whole[-1])

    def test_whoever_looks_at_any_moment_sees_whole_checkpoints_only(self):
        place = self.place("watched")
        process = self.start(place, self.SCRIPT, "--steps", "60", "--checkpoint-every", "1")
        seen = set()
        while process.poll() is None:
            for path in place[0].glob("checkpoint-*"):
                try:
                    names = {each.name for each in path.iterdir()}
                except FileNotFoundError:
                    continue  # pruned between the two looks
                if path.exists():
                    self.assertEqual({"weights.bin", "momentum.bin", "state.json"}, names, path)
                    seen.add(path.name)
        self.assertEqual(0, process.wait())
        self.assertGreater(len(seen), 30)
        self.assertEqual(
            ["checkpoint-58", "checkpoint-59", "checkpoint-60"], sorted(os.listdir(str(place[0])))
        )

    def test_the_printed_loss_falls_and_the_accuracy_is_that_of_a_net_that_has_learned(self):
        lines = self.finish(self.place("a"), self.SCRIPT, "--steps", "400")
        self.assertEqual("fresh start", lines[0])
        self.assertRegex(lines[1], r"^step 10/400 loss \d\.\d{4}$")
        self.assertRegex(
            lines[-1], r"^final step 400 loss \d\.\d{4} accuracy 0\.\d{4} sha256 [0-9a-f]{64}$"
        )
        self.assertGreaterEqual(float(lines[-1].split()[6]), 0.9)

    def test_the_bytes_do_not_depend_on_the_hash_seed_or_the_place(self):
        ends = set()
        for seed in ("0", "1", "77"):
            place = self.place("seed" + seed)
            lines = self.finish(place, self.SCRIPT, "--steps", "12", PYTHONHASHSEED=seed)
            ends.add(lines[-1])
        self.assertEqual(1, len(ends), ends)

    def test_a_finished_run_started_again_says_the_same(self):
        place, args = self.place("again"), ("--steps", "9", "--checkpoint-every", "4")
        first = self.finish(place, self.SCRIPT, *args)
        again = self.finish(place, self.SCRIPT, *args)
        self.assertEqual("resuming from checkpoint-9 (step 9)", again[0])
        self.assertEqual(first[-1], again[-1])

    def test_a_damaged_checkpoint_is_named_and_not_trained_on(self):
        place = self.place("damaged")
        self.finish(place, self.SCRIPT, "--steps", "4")
        weights = place[0] / "checkpoint-4" / "weights.bin"
        weights.write_bytes(weights.read_bytes()[:-8] + b"\0" * 8)
        process = self.start(place, self.SCRIPT, "--steps", "8")
        self.assertRegex(process.stdout.read(), "checkpoint-4: it is damaged .*weights.bin")
        self.assertEqual(1, process.wait())

    def test_the_data_is_what_its_page_says(self):
        for folder, name in (
            ("digits", "digits.csv.gz"), ("digits-torch", "digits.csv.gz"),
            ("public-style", "iris.csv"),
        ):
            digest = hashlib.sha256((EXAMPLES / folder / name).read_bytes()).hexdigest()
            self.assertIn(digest, (EXAMPLES / folder / "DATA.md").read_text("utf-8"), folder)


@unittest.skipUnless(importlib.util.find_spec("torch"), "torch is not installed")
class DigitsInTorch(Case):
    SCRIPT = EXAMPLES / "digits-torch" / "train.py"

    def test_killed_at_random_moments_it_ends_with_the_same_bytes(self):
        args = ("--steps", "200", "--checkpoint-every", "7", "--print-every", "1")
        straight, killed = self.place("straight"), self.place("killed")
        whole = self.finish(straight, self.SCRIPT, *args)
        self.assertGreaterEqual(float(whole[-1].split()[6]), 0.9, whole[-1])
        attempts = self.killed_until_done(
            killed, self.SCRIPT, *args, rng=random.Random(20261122), lines=(8, 50), kills=2
        )
        self.assert_continues(attempts)
        self.assertEqual(
            *[(place[1] / "weights.bin").read_bytes() for place in (straight, killed)]
        )


class PublicStyle(Case):
    SCRIPT = EXAMPLES / "public-style" / "train.py"

    def test_it_says_what_it_resumes_from_and_ends_with_the_same_bytes(self):
        env = {"STEPS": "3000", "SAVE_EVERY": "100"}
        straight, killed = self.place("straight"), self.place("killed")
        whole = self.finish(straight, self.SCRIPT, **env)
        self.assertEqual("Starting fresh", whole[0])
        self.assertRegex(whole[-1], r"^Done at step 3000: (2\d|30) of 30 held-out irises right")
        attempts = self.killed_until_done(
            killed, self.SCRIPT, rng=random.Random(20261123), lines=(2, 4), kills=3, **env
        )
        self.assertRegex(attempts[-1][0], r"^Resuming from .*/checkpoint-\d+00$")
        self.assertEqual(
            *[(place[1] / "weights.json").read_bytes() for place in (straight, killed)]
        )

    def test_the_highest_number_wins_and_a_name_without_one_counts_as_zero(self):
        place = self.place("names")
        self.finish(place, self.SCRIPT, STEPS="1200", SAVE_EVERY="200")
        (place[0] / "checkpoint-best").mkdir()
        lines = self.finish(place, self.SCRIPT, STEPS="1200", SAVE_EVERY="200")
        self.assertTrue(lines[0].endswith("/checkpoint-1200"), lines[0])


class AwkwardScripts(Case):
    def test_torn_save_killed_inside_a_save_resumes_from_the_one_before(self):
        args = ("--steps", "12", "--checkpoint-every", "4", "--step-seconds", "0.01",
                "--save-seconds", "0.6")
        straight, killed = self.place("straight"), self.place("killed")
        whole = self.finish(straight, SCRIPTS / "torn_save.py", *args)
        process = self.start(killed, SCRIPTS / "torn_save.py", *args)
        for line in process.stdout:
            if line == "begin save 8\n":
                break
        time.sleep(0.3)
        process.kill()
        process.wait()
        torn = killed[0] / "checkpoint-8"
        self.assertTrue(torn.is_dir())
        self.assertFalse((torn / "done").exists())
        lines = self.finish(killed, SCRIPTS / "torn_save.py", *args)
        self.assertEqual("resuming from checkpoint-4 (step 4)", lines[0])
        self.assertEqual(whole[-1], lines[-1])

    def test_exits_nonzero(self):
        process = self.start(self.place("a"), SCRIPTS / "exits_nonzero.py")
        self.assertIn("ValueError", process.stdout.read())
        self.assertEqual(7, process.wait())

    def test_never_checkpoints(self):
        place = self.place("a")
        lines = self.finish(
            place, SCRIPTS / "never_checkpoints.py", "--steps", "5", "--step-seconds", "0"
        )
        self.assertEqual(["fresh start", "final step 5"], [lines[0], lines[-1]])
        self.assertFalse(place[0].exists())

    def test_big_output_is_what_its_last_line_says(self):
        lines = self.finish(self.place("a"), SCRIPTS / "big_output.py", "--megabytes", "2")
        text = "".join(line + "\n" for line in lines[:-1]).encode()
        self.assertEqual(2_000_000, len(text))
        self.assertEqual(
            "final lines 20000 sha256 " + hashlib.sha256(text).hexdigest(), lines[-1]
        )

    def test_term_aware_saves_and_exits_with_zero_before_it_is_done(self):
        args, place = ("--steps", "40", "--step-seconds", "0.02"), self.place("a")
        process = self.start(place, SCRIPTS / "term_aware.py", *args)
        for line in process.stdout:
            if line.startswith("step 5/"):
                break
        process.terminate()
        rest = process.stdout.read().splitlines()
        self.assertEqual(0, process.wait())
        step = int(re.match(r"saved on SIGTERM at step (\d+)$", rest[-1]).group(1))
        self.assertLess(step, 40)
        again = self.finish(place, SCRIPTS / "term_aware.py", *args)
        self.assertEqual("resuming from checkpoint-%d (step %d)" % (step, step), again[0])
        whole = self.finish(self.place("b"), SCRIPTS / "term_aware.py", *args)
        self.assertEqual(whole[-1], again[-1])

    @unittest.skipUnless(sys.platform == "linux", "reads /proc")
    def test_child_groups_puts_each_child_out_of_reach_of_the_group(self):
        process = self.start(
            self.place("a"), SCRIPTS / "child_groups.py", "--child-seconds", "60"
        )
        pids = {}
        for line in process.stdout:
            match = re.match(r"child (\w+) pid (\d+)$", line)
            if not match:
                break
            pids[match.group(1)] = int(match.group(2))
        self.assertEqual({"session", "group", "daemon"}, set(pids))
        try:
            self.assertNotIn(os.getpgid(process.pid), map(os.getpgid, pids.values()))
            self.assertNotEqual(os.getsid(process.pid), os.getsid(pids["session"]))
            self.assertEqual(os.getsid(process.pid), os.getsid(pids["group"]))
            self.assertNotEqual(os.getsid(process.pid), os.getsid(pids["daemon"]))
            # The daemon tells its number before it becomes another program; give it the time to.
            told = pathlib.Path("/proc/%d/cmdline" % pids["daemon"])
            until = time.monotonic() + 20
            while not told.read_bytes().endswith(b"\0vl-child\0") and time.monotonic() < until:
                time.sleep(0.05)
            self.assertTrue(told.read_bytes().endswith(b"\0vl-child\0"), told.read_bytes())
            process.kill()
            process.wait()
            for pid in pids.values():
                os.kill(pid, 0)
        finally:
            for pid in pids.values():
                os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    unittest.main()
