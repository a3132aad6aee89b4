"""bench/chaos: its plan, its proxy, its training script, its document and what it says when a promise is broken.

The bench itself, which takes some minutes, runs here only with VAULTLAYER_BENCH=1.
"""

import http.client
import http.server
import itertools
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import types
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BENCH = ROOT / "bench"
sys.dont_write_bytecode = True
sys.path.insert(0, str(BENCH))

from storm import fleet, plan, proxy, verdict  # noqa: E402

DOCUMENT = {
    "jobs": 24, "succeeded": 24, "concurrent": 24, "minutes": 30, "seed": 1, "seconds": 1900.0, "kills": 300,
    "leakedInstances": 0, "leakedProcesses": 0, "unreleasedReservations": 0, "mismatchedWeights": 0, "brokenInvariants": 0,
    "repeatedWorkShare": 0.04, "repeatedWorkBound": 0.05, "interruptions": 290, "condemned": 20, "salvaged": 2, "zombiesFenced": 9, "silenceHeldBack": 0,
    "cadenceSteps": 20, "stepsLost": {"kill-agent": {"count": 3, "mean": 9.0, "p50": 9, "p99": 12, "max": 12}},
    "planeRevivals": 1, "benchTroubles": 0, "faults": {"kill-agent": 30}, "missedFaults": {"kill-early": 2},
    "attempts": {"lost": 290, "succeeded": 24}, "troubles": [], "ownDisk": True,
    "proxy": {"met": {"lose": 7}},
    "machine": {"cores": 2, "loadBefore": 1.0, "loadAfter": 2.0, "java": "java"},
}


def run(*words, root=ROOT, **more):
    return subprocess.run(
        [str(root / "bench/chaos"), *words], capture_output=True, text=True, timeout=900,
        stdin=subprocess.DEVNULL, **more,
    )


def judged(**changed):
    made = {**DOCUMENT, **changed}
    made["promises"] = verdict.promises(made)
    return made


def broken(made):
    return [row["figure"] for row in made["promises"] if row["broken"]]


def train(folder, *words, **more):
    kept = {**os.environ, "VAULTLAYER_CHECKPOINT_DIR": str(folder / "kept"), "VL_OUTPUT_DIR": str(folder / "out")}
    return subprocess.run(
        [sys.executable, str(BENCH / "workload/descend.py"), "--seed", "5", *words],
        env={**kept, **more}, cwd=folder, capture_output=True, text=True,
    )


class ChaosBenchTest(unittest.TestCase):
    def folder(self):
        made = pathlib.Path(tempfile.mkdtemp(prefix="vl chaos "))
        self.addCleanup(shutil.rmtree, made, True)
        return made

    def test_help_shows_an_example_and_wrong_values_are_wrong_usage(self):
        said = run("--help")
        self.assertEqual(0, said.returncode)
        self.assertIn("example: bench/chaos", said.stdout)
        for words in (["--jobs", "0"], ["--minutes", "0"], ["--pace", "99"], ["--seed", "x"], ["--no-such"], ["stray"]):
            ran = run(*words)
            self.assertEqual((2, ""), (ran.returncode, ran.stdout), words)

    def test_a_plane_that_cannot_be_had_is_an_error_of_the_bench_and_leaves_nothing_behind(self):
        root = self.folder()
        shutil.copytree(BENCH, root / "bench")
        (root / "vl").write_text("#!/bin/sh\necho 'no plane today' >&2\nexit 3\n")
        (root / "vl").chmod(0o755)
        homes = root / "homes"
        homes.mkdir()
        ran = run("--quick", "--json", root=root, env={**os.environ, "TMPDIR": str(homes)})
        self.assertEqual(3, ran.returncode, ran.stderr)
        self.assertIn("no plane today", json.loads(ran.stdout)["message"])
        self.assertEqual([], list(homes.iterdir()))

    def test_every_promise_can_be_broken_and_is_named_in_the_table(self):
        self.assertEqual([], broken(judged()))
        cases = {
            "jobs that succeeded": judged(succeeded=23),
            "final weights unlike their uninterrupted twin": judged(mismatchedWeights=1),
            "broken invariants, commits after a fence": judged(brokenInvariants=1),
            "processes left behind": judged(leakedProcesses=1),
            "instances not confirmed gone": judged(leakedInstances=1),
            "reservations not released": judged(unreleasedReservations=1),
            "work repeated, of all steps": judged(repeatedWorkShare=0.051),
            "faults that the bench could not do": judged(benchTroubles=1),
        }
        for figure, made in cases.items():
            self.assertEqual([figure], broken(made))
            self.assertRegex(verdict.table(made), figure + r".*BROKEN")
        self.assertIn("kill-early", verdict.table(judged()))
        self.assertEqual([], broken(judged(repeatedWorkShare=0.3, interruptions=2)), "two are no mean")

    def test_a_seed_is_one_order_of_faults_and_jobs(self):
        once, again, other = (plan.faults(seed, 24, 1800) for seed in (1, 1, 2))
        self.assertEqual(once, again)
        self.assertNotEqual([f.kind for f in once], [f.kind for f in other])
        self.assertEqual(once, sorted(once, key=lambda f: f.at))
        self.assertEqual({*plan.ONE_JOB, *plan.EVERYBODY}, {f.kind for f in once}, "half an hour has every kind")
        self.assertGreater(len(once), 600)
        self.assertNotIn("full-disk", {f.kind for f in plan.faults(1, 24, 1800, without=("full-disk",))})
        first, second = (list(itertools.islice(plan.jobs(3, 1800), 50)) for _ in range(2))
        self.assertEqual(first, second)
        self.assertEqual(50, len({job.seed for job in first}))

    def test_an_interrupted_training_ends_with_the_bits_of_an_uninterrupted_one(self):
        plain, cut = self.folder(), self.folder()
        words = ("--steps", "37", "--checkpoint-every", "10", "--kilobytes", "1")
        self.assertEqual(0, train(plain, *words).returncode)
        witness = cut / "witness"
        self.assertEqual(0, train(cut, "--steps", "26", *words[2:], "--witness", str(witness)).returncode)
        shutil.rmtree(cut / "kept/checkpoint-26")
        ran = train(cut, *words, "--witness", str(witness), VAULTLAYER_ATTEMPT="2")
        self.assertTrue(ran.stdout.startswith("resuming after step 20\nstep 21/37 "), ran.stdout[:99])
        weights = [(folder / "out/weights.bin").read_bytes() for folder in (plain, cut)]
        self.assertEqual(weights[0], weights[1])
        made = fleet.trained(witness)
        self.assertEqual({1: list(range(1, 27)), 2: list(range(21, 38))}, made)
        struck = types.SimpleNamespace(struck={1: "kill-both"})
        self.assertEqual([("kill-both", 6)], fleet.losses(struck, made))
        train(cut, "--steps", "38", *words[2:])
        self.assertNotEqual(weights[0], (cut / "out/weights.bin").read_bytes(), "one step more is another end")

    def test_a_commit_after_its_epochs_end_is_late_unless_it_was_salvaged(self):
        def checkpoint(step, status="committed"):
            return {"step": step, "epoch": 1, "status": status, "committedAt": "2026-11-21T10:00:09Z"}

        def decision(edge, reason, state="running", epoch=1):
            return {"epoch": epoch, "edge": edge, "reason": reason, "state": state}

        rows = {
            "checkpoints": [
                checkpoint(20, "condemned"), checkpoint(30), checkpoint(40), checkpoint(50), checkpoint(60),
                {**checkpoint(70, "held"), "committedAt": None}],
            "decisions": [
                decision("COMMITTED", "step 20"), decision("COMMITTED", "step 30"),
                decision("FENCED", "lost", "recovering"), decision("COMMITTED", "step 40", "recovering"),
                decision("SALVAGED", "step 60", "recovering", 2), decision("REGISTERED", "fresh", "starting", 2),
                decision("COMMITTED", "step 50", epoch=2)],
        }
        home = types.SimpleNamespace(pages=lambda route, key: iter(rows[key]))
        late, condemned, salvaged = fleet.Fleet.commits(types.SimpleNamespace(home=home), types.SimpleNamespace(id="job_x"))
        self.assertEqual((1, 1), (condemned, salvaged))
        self.assertEqual([f"step {step} of epoch 1 was committed after the epoch's end" for step in (40, 50)], late)

    def test_the_training_refuses_a_checkpoint_that_was_changed(self):
        for name in ("state.bin", "ballast.bin"):
            folder = self.folder()
            words = ("--checkpoint-every", "5", "--kilobytes", "1")
            train(folder, "--steps", "10", *words)
            file = folder / "kept/checkpoint-10" / name
            held = bytearray(file.read_bytes())
            held[-1] ^= 1
            file.write_bytes(held)
            ran = train(folder, "--steps", "20", *words)
            self.assertEqual(1, ran.returncode)
            self.assertIn("checkpoint-10 is damaged", ran.stderr)

    def test_the_disk_can_be_filled_to_its_last_byte_and_emptied(self):
        ran = subprocess.run(
            [sys.executable, "-c", FILL], env={**os.environ, "PYTHONPATH": str(BENCH), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True, text=True)
        self.assertEqual(0, ran.returncode, ran.stderr)
        if ran.stdout.strip() == "none":
            self.skipTest("no mount namespace can be had here")
        self.assertEqual("full empty", ran.stdout.strip())

    @unittest.skipUnless(os.environ.get("VAULTLAYER_BENCH"), "takes some minutes; VAULTLAYER_BENCH=1 runs it")
    def test_a_quick_run_prints_one_document_and_judges_it(self):
        ran = run("--quick", "--json")
        made = json.loads(ran.stdout)
        self.assertEqual(1 if broken(made) else 0, ran.returncode)
        self.assertLessEqual(
            {"jobs", "succeeded", "kills", "leakedInstances", "leakedProcesses", "mismatchedWeights", "brokenInvariants",
             "repeatedWorkShare", "repeatedWorkBound"}, set(made))


FILL = """
import pathlib, sys, tempfile
from storm import disk
sys.argv = ["-c", open("/proc/self/cmdline").read().split("\\0")[2]]
disk.enter()
with tempfile.TemporaryDirectory() as home:
    made = disk.Disk(pathlib.Path(home) / "bucket", 8 << 20)
    if not made.real:
        print("none")
        sys.exit()
    made.fill()
    try:
        (made.folder / "one").write_bytes(b"x")
        print("room", end=" ")
    except OSError:
        print("full", end=" ")
    made.empty()
    (made.folder / "one").write_bytes(b"x" * 100000)
    print("empty")
    made.close()
"""


class Upstream(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append(body)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[::-1])

    def log_message(self, *_):
        pass


class ProxyTest(unittest.TestCase):
    def setUp(self):
        Upstream.seen = []
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
        self.server.handle_error = lambda *_: None  # resets are what is wanted
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.proxy = proxy.Proxy(lambda: self.server.server_port, 1)

    def tearDown(self):
        self.proxy.close()
        self.server.shutdown()
        self.server.server_close()

    def post(self, body, patience=5):
        connection = http.client.HTTPConnection("127.0.0.1", self.proxy.port, timeout=patience)
        try:
            connection.request("POST", "/", body)
            answer = connection.getresponse()
            return answer.read()
        finally:
            connection.close()

    def tried(self, body):
        """The answer, or None where there is none; Python takes a head that broke off for a whole one."""
        try:
            return self.post(body)
        except (OSError, http.client.HTTPException):
            return None

    def test_calm_weather_passes_every_byte_both_ways(self):
        body = os.urandom(700_001)
        self.assertEqual(body[::-1], self.post(body))
        self.assertEqual([body], Upstream.seen)
        self.assertEqual({}, dict(self.proxy.met))

    def test_each_kind_of_weather_does_what_it_says(self):
        arrives = {"refuse": 0, "cut": 0, "reset": 1, "lose": 1, "truncate": 1, "delay": 1, "hang": 1}
        self.assertEqual(set(proxy.KINDS), set(arrives))
        for kind, times in arrives.items():
            Upstream.seen.clear()
            self.proxy.blow(kind, 1.0, 1.0 if kind == "hang" else 5.0)
            began = time.monotonic()
            if kind == "delay":
                self.assertEqual(b"cba", self.post(b"abc"))
                self.assertGreater(time.monotonic() - began, 0.1)
            else:
                self.assertNotEqual(b"cba", self.tried(b"abc"), kind)
            self.assertEqual(times, len(Upstream.seen), kind)
            self.assertGreaterEqual(self.proxy.met[kind], 1, kind)
            self.proxy.calm()
            self.assertEqual(b"cba", self.post(b"abc"), "after " + kind)

    def test_weather_ends_by_itself_and_meets_by_chance(self):
        self.proxy.blow("lose", 1.0, 0.2)
        time.sleep(0.3)
        self.assertEqual(b"cba", self.post(b"abc"))
        self.proxy.blow("lose", 0.5, 30)
        lost = sum(self.tried(b"abc") != b"cba" for _ in range(60))
        self.assertTrue(10 < lost < 59, lost)

    def test_a_plane_that_is_down_is_a_reset_and_the_next_connection_asks_again(self):
        self.proxy.target = lambda: 1
        with self.assertRaises(OSError):
            self.post(b"abc")
        self.proxy.target = lambda: self.server.server_port
        self.assertEqual(b"cba", self.post(b"abc"))


if __name__ == "__main__":
    unittest.main()
