"""The helper module, in real processes: `python3 -m unittest discover agent/src/test/python`.

Rows that need torch, numpy or jax say that they are skipped where it is not installed.
"""

import collections
import contextlib
import importlib.util
import io
import json
import os
import pathlib
import pickle
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest

MODULE = (
    pathlib.Path(__file__).resolve().parents[2]
    / "main" / "resources" / "python" / "vaultlayer_checkpoint.py"
)
OURS = (
    "VAULTLAYER_CHECKPOINT_DIR", "CHECKPOINT_DIR", "VAULTLAYER_RESUME_FROM",
    "VAULTLAYER_RESUME_STEP", "VAULTLAYER_PROGRESS_FILE", "RANK", "PYTHONPATH",
)


def installed(name):
    return importlib.util.find_spec(name) is not None


def environment(**ours):
    env = {name: each for name, each in os.environ.items() if name not in OURS}
    env.update(ours, PYTHONPATH=str(MODULE.parent))
    return env


class Case(unittest.TestCase):
    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="vl-helper-"))
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)
        self.kept = self.home / "kept"
        self.env = {"VAULTLAYER_CHECKPOINT_DIR": str(self.kept)}

    def module(self, **env):
        """A fresh copy of the module, as a new process would have it, under this environment."""
        before = dict(os.environ)
        for name in OURS:
            os.environ.pop(name, None)
        os.environ.update(self.env)
        os.environ.update(env)

        def back():
            os.environ.clear()
            os.environ.update(before)

        self.addCleanup(back)
        spec = importlib.util.spec_from_file_location("vaultlayer_checkpoint", MODULE)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        self.addCleanup(setattr, module, "_progress_pending", None)
        return module

    def script(self, text):
        path = self.home / "train.py"
        path.write_text(textwrap.dedent(text))
        return path

    def run_script(self, text, *args, cwd=None, **env):
        done = subprocess.run(
            [sys.executable, str(self.script(text)), *args],
            env=environment(**env), cwd=str(cwd or self.home), timeout=120,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def names(self):
        return sorted(os.listdir(str(self.kept)))


class SavingAndRestoring(Case):
    def test_a_fresh_start_returns_zero_and_changes_nothing(self):
        weights = [1.0, 2.0]
        self.assertEqual(0, self.module().restore(str(self.kept), weights=weights))
        self.assertEqual([1.0, 2.0], weights)

    def test_the_number_returned_is_the_number_of_steps_done(self):
        vl = self.module()
        vl.checkpoint(step=800, weights=[0.5])
        self.assertEqual(800, self.module().restore(vl.CHECKPOINT_DIR, weights=[0.0]))

    def test_lists_and_dicts_are_changed_in_place_down_to_the_containers_inside(self):
        vl = self.module()
        vl.checkpoint(step=1, state={"w": [1.5, 2.5], "new": (1, "a"), 7: {"x": b"y"}})
        inner = [0.0]
        state = {"w": inner, "old": 1}
        self.module().restore(vl.CHECKPOINT_DIR, state=state)
        self.assertEqual({"w": [1.5, 2.5], "new": (1, "a"), 7: {"x": b"y"}}, state)
        self.assertIs(inner, state["w"])
        self.assertEqual(["w", "new", 7], list(state), "the order is that of the saved one")

    def test_sets_deques_arrays_and_bytearrays_come_back_exactly(self):
        import array

        vl = self.module()
        saved = dict(
            seen={1, 2}, last=collections.deque([1, 2], maxlen=2), raw=bytearray(b"\0\1"),
            numbers=array.array("d", [0.1, 1e-300]),
        )
        vl.checkpoint(step=1, **saved)
        into = dict(
            seen={9}, last=collections.deque([], maxlen=2), raw=bytearray(),
            numbers=array.array("d"),
        )
        self.module().restore(vl.CHECKPOINT_DIR, **into)
        self.assertEqual(saved, into)

    def test_floats_come_back_to_the_last_bit(self):
        rng = random.Random(5)
        numbers = [rng.uniform(-1, 1) * 10.0 ** rng.randint(-300, 300) for _ in range(1000)]
        numbers += [float("inf"), -0.0, 5e-324]
        vl = self.module()
        vl.checkpoint(step=1, numbers=numbers)
        back = []
        self.module().restore(vl.CHECKPOINT_DIR, numbers=back)
        self.assertEqual([n.hex() for n in numbers], [n.hex() for n in back])

    def test_an_object_with_a_state_dict_gets_it_back_under_any_keyword(self):
        class Counter:
            def __init__(self):
                self.n = 0

            def state_dict(self):
                return {"n": self.n}

            def load_state_dict(self, state):
                self.n = state["n"]

        vl = self.module()
        counter = Counter()
        counter.n = 41
        vl.checkpoint(step=3, ema=counter)
        again = Counter()
        self.module().restore(vl.CHECKPOINT_DIR, ema=again)
        self.assertEqual(41, again.n)

    def test_a_number_cannot_be_restored_in_place_and_that_is_said_on_the_fresh_start(self):
        with self.assertRaisesRegex(RuntimeError, r"value\('best', default\)"):
            self.module().restore(str(self.kept), best=0.5)

    def test_values_are_read_back_by_name(self):
        vl = self.module()
        vl.restore(vl.CHECKPOINT_DIR)
        self.assertEqual(9.0, vl.value("best", 9.0))
        vl.checkpoint(step=2, best=0.25, epoch=(3, "x"))
        again = self.module()
        with self.assertRaisesRegex(RuntimeError, "call restore"):
            again.value("best")
        again.restore(again.CHECKPOINT_DIR)
        self.assertEqual((0.25, (3, "x")), (again.value("best"), again.value("epoch")))

    def test_a_tensor_is_a_value_too(self):
        if not installed("torch"):
            self.skipTest("torch is not installed")
        import torch

        vl = self.module()
        vl.checkpoint(step=1, best=torch.tensor(0.5), weights={"w": torch.ones(2)})
        again = self.module()
        again.restore(again.CHECKPOINT_DIR)
        self.assertEqual(0.5, again.value("best", torch.tensor(9.0)).item())
        self.assertEqual([1.0, 1.0], again.value("weights")["w"].tolist())

    def test_pythons_random_state_and_a_generator_of_ones_own_continue(self):
        vl = self.module()
        random.seed(3)
        own = random.Random(4)
        vl.checkpoint(step=1, shuffle=own)
        expected = [random.random(), own.random()]
        random.seed(99)
        other = random.Random(98)
        self.module().restore(vl.CHECKPOINT_DIR, shuffle=other)
        self.assertEqual(expected, [random.random(), other.random()])

    def test_the_same_step_can_be_saved_again(self):
        vl = self.module()
        vl.checkpoint(step=1, w=[1])
        vl.checkpoint(step=1, w=[2])
        back = []
        self.assertEqual(1, self.module().restore(vl.CHECKPOINT_DIR, w=back))
        self.assertEqual([2], back)
        self.assertEqual(["checkpoint-1"], self.names())

    def test_the_newest_three_are_kept_and_what_is_not_ours_is_left_alone(self):
        foreign = self.kept / "checkpoint-1"
        foreign.mkdir(parents=True)
        (foreign / "trainer_state.json").write_text("{}")
        vl = self.module()
        for step in (2, 3, 4, 5, 6, 100):
            vl.checkpoint(step=step, w=[step])
        self.assertEqual(
            ["checkpoint-1", "checkpoint-100", "checkpoint-5", "checkpoint-6"], self.names()
        )
        vl.checkpoint(step=7, w=[7], keep=1)
        self.assertEqual(["checkpoint-1", "checkpoint-100", "checkpoint-7"], self.names())

    def test_a_loss_is_recorded_and_one_that_is_no_number_stays_readable(self):
        vl = self.module()
        path = vl.checkpoint(step=1, loss=float("nan"), w=[1])
        self.assertEqual("NaN", json.loads(pathlib.Path(path, "meta.json").read_text())["loss"])

    def test_only_rank_zero_saves(self):
        vl = self.module(RANK="1")
        self.assertIsNone(vl.checkpoint(step=1, w=[1]))
        self.assertFalse(self.kept.exists())

    def test_an_object_without_state_of_its_own_is_saved_with_a_warning_and_read_by_value(self):
        vl = self.module()
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            vl.checkpoint(step=1, when=pathlib.PurePosixPath("/x"))
            vl.checkpoint(step=2, when=pathlib.PurePosixPath("/x"))
        self.assertEqual(1, said.getvalue().count("can run code"), said.getvalue())
        again = self.module()
        again.restore(again.CHECKPOINT_DIR)
        self.assertEqual(pathlib.PurePosixPath("/x"), again.value("when"))

    def test_a_model_inside_a_dict_is_refused_rather_than_replaced(self):
        class Model:
            def state_dict(self):
                return {}

        with self.assertRaisesRegex(RuntimeError, r"state\['model'\].*keyword of its own"):
            self.module().checkpoint(step=1, state={"model": Model()})

    def test_steps_that_are_no_whole_numbers_are_refused(self):
        vl = self.module()
        for step in (-1, 1.5, "3", True, None):
            with self.subTest(step=step), self.assertRaisesRegex(RuntimeError, "step="):
                vl.checkpoint(step=step, w=[1])


class ChoosingWhatToResume(Case):
    def save(self, *steps):
        vl = self.module()
        for step in steps:
            vl.checkpoint(step=step, w=[step])

    def resumed(self, **env):
        return self.module(**env).restore(str(self.kept), w=[0])

    def test_the_highest_number_wins_not_the_last_name(self):
        self.save(9, 80, 700)
        self.assertEqual(700, self.resumed())

    def test_the_checkpoint_that_the_attempt_was_told_wins_over_a_higher_one(self):
        self.save(1, 2)
        with contextlib.redirect_stderr(io.StringIO()) as said:
            self.assertEqual(
                1, self.resumed(VAULTLAYER_RESUME_FROM=str(self.kept / "checkpoint-1"))
            )
        self.assertIn("checkpoint-2 is left alone", said.getvalue())

    def test_one_in_another_directory_says_nothing_about_this_one(self):
        self.save(1, 2)
        self.assertEqual(2, self.resumed(VAULTLAYER_RESUME_FROM="/elsewhere/checkpoint-1"))

    def test_being_told_one_that_is_not_there_is_an_error(self):
        self.save(1)
        with self.assertRaisesRegex(RuntimeError, "checkpoint-5: it is not there"):
            self.resumed(VAULTLAYER_RESUME_FROM=str(self.kept / "checkpoint-5"))

    def test_after_this_process_has_saved_its_own_checkpoints_count(self):
        self.save(1)
        vl = self.module(VAULTLAYER_RESUME_FROM=str(self.kept / "checkpoint-1"))
        self.assertEqual(1, vl.restore(str(self.kept), w=[0]))
        vl.checkpoint(step=2, w=[2])
        self.assertEqual(2, vl.restore(str(self.kept), w=[0]))

    def test_a_resumed_attempt_that_finds_an_empty_directory_does_not_start_at_zero(self):
        with self.assertRaisesRegex(RuntimeError, "step 800: .* holds no checkpoint"):
            self.resumed(VAULTLAYER_RESUME_STEP="800")

    def test_asking_for_what_was_not_saved_names_what_was(self):
        self.save(1)
        with self.assertRaisesRegex(RuntimeError, "holds no 'model'; it has: w"):
            self.module().restore(str(self.kept), model=[0])

    def test_state_that_nobody_asks_for_is_mentioned(self):
        vl = self.module()
        vl.checkpoint(step=1, w=[1], shuffle=random.Random(1))
        with contextlib.redirect_stderr(io.StringIO()) as said:
            self.resumed()
        self.assertIn("'shuffle'", said.getvalue())

    def test_another_kind_of_object_under_the_same_name_is_refused(self):
        self.save(1)
        with self.assertRaisesRegex(RuntimeError, "saved as value and is to be restored as random"):
            self.module().restore(str(self.kept), w=random.Random(1))


class DamagedCheckpoints(Case):
    def setUp(self):
        super().setUp()
        vl = self.module()
        vl.checkpoint(step=1, w=[1] * 100)
        vl.checkpoint(step=2, w=[2] * 100)
        self.last = self.kept / "checkpoint-2"

    def assert_refused(self, pattern):
        weights = [0]
        with self.assertRaisesRegex(RuntimeError, pattern):
            self.module().restore(str(self.kept), w=weights)
        self.assertEqual([0], weights, "nothing was changed")

    def test_a_truncated_file(self):
        with open(str(self.last / "w.pkl"), "r+b") as file:
            file.truncate(10)
        self.assert_refused("checkpoint-2: it is damaged: w.pkl has 10 bytes")

    def test_a_flipped_bit(self):
        data = bytearray((self.last / "w.pkl").read_bytes())
        data[20] ^= 1
        (self.last / "w.pkl").write_bytes(data)
        self.assert_refused("another checksum")

    def test_a_missing_file(self):
        (self.last / "w.pkl").unlink()
        self.assert_refused("it is damaged")

    def test_a_missing_or_cut_description(self):
        (self.last / "meta.json").write_text('{"format":')
        self.assert_refused("meta.json cannot be read")
        (self.last / "meta.json").unlink()
        self.assert_refused("it has no meta.json")

    def test_the_description_of_another_step(self):
        (self.last / "meta.json").write_text((self.kept / "checkpoint-1/meta.json").read_text())
        self.assert_refused("not that of step 2")

    def test_a_file_that_wants_to_run_code_is_refused(self):
        import zlib

        class Evil:
            def __reduce__(self):
                return os.mkdir, (str(marker),)

        marker = self.home / "ran"
        data = pickle.dumps([Evil()], protocol=4)
        (self.last / "w.pkl").write_bytes(data)
        meta = json.loads((self.last / "meta.json").read_text())
        meta["objects"]["w"]["files"]["w.pkl"] = dict(bytes=len(data), crc32=zlib.crc32(data))
        (self.last / "meta.json").write_text(json.dumps(meta))
        self.assert_refused("mkdir is no plain value")
        self.assertFalse(marker.exists())


class OutsideAManagedRun(Case):
    LOOP = """
        from vaultlayer_checkpoint import restore, checkpoint, CHECKPOINT_DIR
        state = {"n": 0}
        start = restore(%s, state=state)
        for step in range(start, start + 4):
            state["n"] += 1
            checkpoint(step=step + 1, state=state)
        print(start, state["n"])
    """

    def test_without_any_directory_nothing_is_written_and_one_line_says_so(self):
        for _ in range(2):
            done = self.run_script(self.LOOP % "CHECKPOINT_DIR")
            self.assertEqual("0 4\n", done.stdout)
            self.assertEqual(1, len(done.stderr.splitlines()), done.stderr)
            self.assertEqual(["train.py"], os.listdir(str(self.home)))

    def test_with_a_directory_in_the_environment_it_keeps_and_resumes(self):
        for expected in ("0 4\n", "4 8\n"):
            done = self.run_script(self.LOOP % "CHECKPOINT_DIR", CHECKPOINT_DIR=str(self.kept))
            self.assertEqual((expected, ""), (done.stdout, done.stderr))

    def test_with_a_directory_of_its_own_it_keeps_and_resumes(self):
        for expected in ("0 4\n", "4 8\n"):
            self.assertEqual(expected, self.run_script(self.LOOP % '"mine"').stdout)
        self.assertTrue((self.home / "mine" / "checkpoint-8").is_dir())

    def test_managed_but_elsewhere_is_obeyed_with_a_warning(self):
        done = self.run_script(self.LOOP % '"mine"', VAULTLAYER_CHECKPOINT_DIR=str(self.kept))
        self.assertEqual(1, done.stderr.count("is not the directory that is kept"), done.stderr)


class Progress(Case):
    def test_the_file_holds_the_last_step_and_loss(self):
        path = self.home / "progress.json"
        self.run_script(
            """
            from vaultlayer_checkpoint import progress
            for step in range(1, 1001):
                progress(step=step, loss=1.0 / step)
            """,
            VAULTLAYER_PROGRESS_FILE=str(path),
        )
        seen = json.loads(path.read_text())
        self.assertEqual((1000, 0.001), (seen["step"], seen["loss"]))
        self.assertLess(abs(time.time() - seen["at"]), 60)
        self.assertEqual([], list(self.home.glob("*.tmp")))

    def test_a_checkpoint_reports_at_once_also_where_nothing_is_saved(self):
        path = self.home / "progress.json"
        self.env = {}
        vl = self.module(VAULTLAYER_PROGRESS_FILE=str(path))
        with contextlib.redirect_stderr(io.StringIO()):
            vl.progress(step=1)
            vl.checkpoint(step=2, loss=float("inf"))
        self.assertEqual({"step": 2, "loss": "Infinity", "first": 1},
                         {k: v for k, v in json.loads(path.read_text()).items() if k != "at"})

    def test_checkpoints_alone_write_no_file_that_would_hide_the_printed_steps(self):
        path = self.home / "progress.json"
        self.module(VAULTLAYER_PROGRESS_FILE=str(path)).checkpoint(step=1, w=[1])
        self.assertFalse(path.exists())

    def test_a_file_that_cannot_be_written_does_not_stop_the_training(self):
        vl = self.module(VAULTLAYER_PROGRESS_FILE=str(self.home / "no" / "such" / "dir"))
        with contextlib.redirect_stderr(io.StringIO()) as said:
            vl.progress(step=1)
        self.assertIn("cannot write the progress file", said.getvalue())


class HowOften(Case):
    def setUp(self):
        super().setUp()
        self.now = 1000.0

    def module(self, **env):
        vl = super().module(**env)
        before = time.monotonic
        time.monotonic = lambda: self.now
        self.addCleanup(setattr, time, "monotonic", before)
        return vl

    def saved(self, vl, steps, seconds, **keywords):
        """The steps at which checkpoint() saved, each step taking so long."""
        found = []
        for step in range(1, steps + 1):
            self.now += seconds
            if vl.checkpoint(step=step, w=[step], **keywords):
                found.append(step)
        return found

    def test_a_number_of_steps_and_the_last_one(self):
        self.assertEqual([4, 8, 10], self.saved(self.module(), 10, 1, every=4, of=10))
        self.assertEqual([4, 8], self.saved(self.module(), 12, 1, every=4, of=12, save_last=False))

    def test_auto_saves_the_first_step_then_every_ten_seconds_and_the_last_one(self):
        self.assertEqual([1, 11, 21, 25], self.saved(self.module(), 25, 1, every="auto", of=25))
        self.assertEqual([1, 2, 3], self.saved(self.module(), 3, 60, every="auto"))

    def test_auto_gives_a_save_that_takes_long_a_thirtieth_of_the_time(self):
        vl = self.module()
        write = vl._write

        def slowly(*args):
            self.now += 7
            write(*args)

        vl._write = slowly
        self.assertEqual([1, 22, 43], self.saved(vl, 50, 10, every="auto"))

    def test_auto_does_as_the_environment_says(self):
        vl = self.module(VAULTLAYER_CHECKPOINT_EVERY="7")
        self.assertEqual([7, 14], self.saved(vl, 15, 60, every="auto"))
        vl = self.module(VAULTLAYER_CHECKPOINT_EVERY="2m")
        self.assertEqual([1, 3, 5], self.saved(vl, 6, 60, every="auto"))

    def test_auto_saves_at_once_when_the_agent_asks(self):
        asked = self.home / "save-now"
        vl = self.module(VAULTLAYER_RUN_DIR=str(self.home))
        vl.restore(vl.CHECKPOINT_DIR)
        self.assertEqual([1], self.saved(vl, 4, 1, every="auto"))
        asked.write_text("save-1")
        self.assertEqual([1], self.saved(vl, 4, 1, every="auto"))
        told = [json.loads(line) for line in (self.home / "events.jsonl").read_text().splitlines()]
        self.assertEqual(["found", "saved", "saved"], [each["event"] for each in told])
        self.assertIs(True, told[0]["asks"])
        self.assertEqual([None, "save-1"], [each.get("request") for each in told[1:]])

    def test_a_loop_over_epochs_does_not_offer_to_save_when_asked(self):
        vl = self.module(VAULTLAYER_RUN_DIR=str(self.home))
        vl.restore(vl.CHECKPOINT_DIR, unit="epoch")
        self.assertEqual([1], self.saved(vl, 4, 1, every="auto"))
        self.assertFalse((self.home / "events.jsonl").exists())

    def test_auto_costs_a_step_next_to_nothing(self):
        vl = super().module(VAULTLAYER_PROGRESS_FILE=str(self.home / "progress.json"))
        vl.checkpoint(step=1, every="auto", w=[1])
        begun = time.process_time()
        for step in range(2, 10002):
            vl.checkpoint(step=step, every="auto", of=20000, w=[1], model=None, optimizer=None)
        self.assertLess((time.process_time() - begun) / 10000, 50e-6)

    def test_auto_tells_the_steps_of_a_script_that_prints_none(self):
        path = self.home / "progress.json"
        self.run_script(
            """
            from vaultlayer_checkpoint import checkpoint
            for step in range(801, 1001):
                checkpoint(step=step, every="auto", loss=0.5)
            """,
            VAULTLAYER_PROGRESS_FILE=str(path), **self.env
        )
        seen = json.loads(path.read_text())
        self.assertEqual((1000, 801, 0.5), (seen["step"], seen["first"], seen["loss"]))

    def test_a_save_that_fails_is_said_and_the_training_goes_on(self):
        self.kept.write_text("a file where the directory should be")
        vl = self.module()
        with contextlib.redirect_stderr(io.StringIO()) as said:
            self.assertEqual([], self.saved(vl, 30, 1, every="auto"))
        self.assertEqual(1, said.getvalue().count("goes on without"), said.getvalue())


class Optimizer:
    """As little of one as the helper asks for."""

    def __init__(self):
        self.n = 0

    def step(self, by=1):
        self.n += by
        return self.n

    def state_dict(self):
        return {"n": self.n}

    def load_state_dict(self, state):
        self.n = state["n"]


class LoopsOverEpochs(Case):
    def train(self, epochs, upto, steps=3, optimizer=None):
        """Epochs that ran here; what the process would do that is killed after epoch `upto`."""
        vl, optimizer, ran = self.module(), optimizer or Optimizer(), []
        start = vl.restore(vl.CHECKPOINT_DIR, optimizer=optimizer, unit="epoch")
        for epoch in range(epochs)[start:upto]:
            ran.append(epoch)
            for _ in range(steps):
                optimizer.step(by=2)
            vl.checkpoint(step=epoch + 1, optimizer=optimizer)
        return ran

    def test_go_on_with_the_next_epoch_and_are_named_by_the_optimizers_steps(self):
        self.assertEqual([0, 1], self.train(5, 2))
        self.assertEqual(["checkpoint-3", "checkpoint-6"], self.names())
        self.assertEqual([2, 3, 4], self.train(5, 5))
        self.assertEqual(["checkpoint-12", "checkpoint-15", "checkpoint-9"], self.names())
        self.assertEqual([], self.train(5, 5))

    def test_count_epochs_where_the_optimizer_makes_no_steps(self):
        self.train(3, 3, steps=0)
        self.assertEqual(["checkpoint-1", "checkpoint-2", "checkpoint-3"], self.names())

    def test_tell_the_optimizers_steps(self):
        path = self.home / "progress.json"
        vl, optimizer = self.module(VAULTLAYER_PROGRESS_FILE=str(path)), Optimizer()
        vl.restore(vl.CHECKPOINT_DIR, optimizer=optimizer, unit="epoch")
        self.assertEqual([1, 2], [optimizer.step(), optimizer.step()])
        vl.checkpoint(step=1, optimizer=optimizer, every="auto")
        self.assertEqual(2, json.loads(path.read_text())["step"])

    def test_are_not_mixed_up_with_loops_over_steps(self):
        self.train(2, 1)
        with self.assertRaisesRegex(RuntimeError, "saved by a loop over epochs"):
            self.module().restore(str(self.kept), optimizer=Optimizer())
        shutil.rmtree(self.kept)
        self.module().checkpoint(step=1, optimizer=Optimizer())
        with self.assertRaisesRegex(RuntimeError, "saved by a loop over steps"):
            self.module().restore(str(self.kept), optimizer=Optimizer(), unit="epoch")

    def test_count_the_steps_of_a_torch_optimizer_below_a_scheduler(self):
        if not installed("torch"):
            self.skipTest("torch is not installed")
        import torch
        import warnings

        weight = torch.nn.Parameter(torch.ones(1))
        optimizer = torch.optim.SGD([weight], lr=0.1)
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
        vl = self.module()
        vl.restore(vl.CHECKPOINT_DIR, optimizer=optimizer, scheduler=scheduler, unit="epoch")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for _ in range(4):
                weight.sum().backward()
                optimizer.step()
            scheduler.step()
        vl.checkpoint(step=1, optimizer=optimizer, scheduler=scheduler)
        self.assertEqual(["checkpoint-4"], self.names())


class InsideAnEpoch(Case):
    """batches(): each place at which a pass can be left, and what is drawn after it."""

    class Loader:
        def __iter__(self):
            order = list(range(5))
            random.shuffle(order)
            for each in order:
                yield each, random.random()  # as an augmentation would

    def train(self, upto, every=1):
        """Batches and draws of the steps that ran here, two passes in all."""
        vl, ran = self.module(), []
        random.seed(5)
        done = vl.restore(vl.CHECKPOINT_DIR)
        for _ in range(done // 5, 2):
            for batch in vl.batches(self.Loader()):
                if done == upto:
                    return ran
                ran.append((batch, random.random()))  # as dropout would
                done += 1
                if done % every == 0:
                    vl.checkpoint(step=done)
        return ran

    def test_goes_on_with_the_very_next_batch_wherever_it_was_left(self):
        straight = self.train(99)
        self.assertEqual(10, len(straight))
        for left in range(11):
            with self.subTest(left=left):
                shutil.rmtree(self.kept, ignore_errors=True)
                first = self.train(left)
                self.assertEqual(straight, first + self.train(99))

    def test_repeats_what_was_done_after_the_last_checkpoint(self):
        straight = self.train(99)
        shutil.rmtree(self.kept)
        self.train(4, every=3)
        self.assertEqual(straight[3:], self.train(99))

    def test_in_torch_with_a_shuffling_loader(self):
        if not installed("torch"):
            self.skipTest("torch is not installed")
        import torch

        def train(upto):
            vl, ran, done = self.module(), [], 0
            torch.manual_seed(5)
            loader = torch.utils.data.DataLoader(list(range(20)), batch_size=4, shuffle=True)
            done = vl.restore(vl.CHECKPOINT_DIR)
            for _ in range(done // 5, 2):
                for batch in vl.batches(loader):
                    if done == upto:
                        return ran
                    ran.append((batch.tolist(), torch.rand(()).item()))
                    done += 1
                    vl.checkpoint(step=done)
            return ran

        straight = train(99)
        for left in (0, 2, 5, 7):
            shutil.rmtree(self.kept, ignore_errors=True)
            self.assertEqual(straight, train(left) + train(99))


class Killed(Case):
    """SIGKILL at any moment leaves whole checkpoints, or none, under their names."""

    BUSY = """
        import random, sys
        from vaultlayer_checkpoint import restore, checkpoint, CHECKPOINT_DIR
        block = {"a": [0] * 20000, "b": "x" * 300000}
        other = [0.0] * 5000
        start = restore(CHECKPOINT_DIR, block=block, other=other)
        assert set(block["a"]) == {start} and other == [float(start)] * 5000, start
        print(start, flush=True)
        for step in range(start + 1, start + 1000000):
            block["a"] = [step] * 20000
            other[:] = [float(step)] * 5000
            checkpoint(step=step, block=block, other=other)
    """

    def test_in_the_middle_of_saves(self):
        rng, script = random.Random(20261121), self.script(self.BUSY)
        last, unfinished = 0, 0
        for kill in range(90):
            if kill >= 15 and last and unfinished:
                break
            process = subprocess.Popen(
                [sys.executable, str(script)], env=environment(**self.env),
                stdout=subprocess.PIPE, universal_newlines=True,
            )
            try:
                start = int(process.stdout.readline())
                time.sleep(rng.uniform(0.0, 0.2))
            finally:
                process.kill()
                process.wait()
                process.stdout.close()
            self.assertGreaterEqual(start, last)
            last = start
            unfinished += any(name.startswith(".tmp-") for name in self.names())
            for name in self.names():
                if not name.startswith(".tmp-"):
                    self.assert_whole(self.kept / name)
        self.assertGreater(last, 0)
        self.assertGreater(unfinished, 0, "no kill hit a save: this test proves nothing")

    def assert_whole(self, path):
        meta = json.loads((path / "meta.json").read_text())
        files = {}
        for each in meta["objects"].values():
            files.update(each["files"])
        for name, saved in files.items():
            self.assertEqual(saved["bytes"], (path / name).stat().st_size, path)
        self.assertEqual(sorted([*files, "meta.json"]), sorted(os.listdir(str(path))))
        self.assertEqual("checkpoint-%d" % meta["step"], path.name)

    def test_between_the_two_renames_of_a_replaced_step_the_old_one_comes_back(self):
        vl = self.module()
        vl.checkpoint(step=4, w=[1])
        dead = subprocess.Popen([sys.executable, "-c", ""])
        dead.wait()
        replaced = self.kept / (".tmp-replaced-checkpoint-4-%d" % dead.pid)
        (self.kept / "checkpoint-4").rename(replaced)
        half = self.kept / (".tmp-checkpoint-4-%d" % dead.pid)
        half.mkdir()
        back = []
        self.assertEqual(4, self.module().restore(str(self.kept), w=back))
        self.assertEqual([1], back)
        self.assertEqual(["checkpoint-4"], self.names())

    def test_what_a_living_process_is_writing_is_left_alone(self):
        alive = self.kept / (".tmp-checkpoint-4-%d" % os.getppid())
        alive.mkdir(parents=True)
        self.module().restore(str(self.kept), w=[1])
        self.assertTrue(alive.is_dir())

    def test_a_disk_that_fills_up_is_an_error_that_leaves_the_earlier_ones(self):
        self.run_script(
            """
            import os, resource
            import vaultlayer_checkpoint as vl
            vl.checkpoint(step=1, w=[1])
            resource.setrlimit(resource.RLIMIT_FSIZE, (100000, 100000))
            try:
                vl.checkpoint(step=2, w=["x" * 1000 + str(i) for i in range(1000)])
            except vl.CheckpointError as error:
                assert "checkpoint-2: " in str(error), error
            else:
                raise SystemExit("no error")
            assert os.listdir(vl.CHECKPOINT_DIR) == ["checkpoint-1"]
            """,
            **self.env
        )


class SameBitsWithAndWithoutInterruption(Case):
    """The same script, once straight through and once ended after every 7 steps."""

    def assert_same(self, body, steps=40, **env):
        script = self.script(body)
        straight = self.finish(script, steps, steps, self.home / "straight", env)
        pieces = self.home / "pieces"
        for _ in range(steps):
            seen = self.finish(script, steps, 7, pieces, env)
            if seen:
                break
        self.assertRegex(straight, "^[0-9a-f]{64}$")
        self.assertEqual(straight, seen)

    def finish(self, script, steps, at_most, kept, env):
        done = subprocess.run(
            [sys.executable, str(script), str(steps), str(at_most)],
            env=environment(VAULTLAYER_CHECKPOINT_DIR=str(kept), **env), timeout=300,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True,
        )
        self.assertIn(done.returncode, (0, -signal.SIGKILL), done.stderr)
        # Old versions of torch keep functions in the state of some schedulers.
        said = [line for line in done.stderr.splitlines() if "is saved with pickle" not in line]
        self.assertEqual([], said)
        return done.stdout.strip()

    COMMON = """
        import hashlib, os, random, signal, sys
        %s
        from vaultlayer_checkpoint import restore, checkpoint, value, CHECKPOINT_DIR
        steps, at_most = int(sys.argv[1]), int(sys.argv[2])
        def die_if_due(start, step):
            if step + 1 - start >= at_most and step + 1 < steps:
                os.kill(os.getpid(), signal.SIGKILL)
    """

    def body(self, imports, text):
        return textwrap.dedent(self.COMMON) % imports + textwrap.dedent(text)

    def test_in_plain_python(self):
        self.assert_same(self.body("", """
            random.seed(1)
            model = {"w": [random.uniform(-1, 1) for _ in range(20)]}
            momentum = {"v": [0.0] * 20}
            order = random.Random(2)
            start = restore(CHECKPOINT_DIR, model=model, momentum=momentum, order=order)
            best = value("best", 1e9)
            for step in range(start, steps):
                x = [random.gauss(0, 1) * order.random() for _ in range(20)]
                error = 0.0
                for a, b in zip(x, model["w"]):
                    error += a * b
                error -= x[0]
                best = min(best, error * error)
                momentum["v"] = [0.9 * v + error * a for v, a in zip(momentum["v"], x)]
                model["w"] = [w - 0.01 * v for w, v in zip(model["w"], momentum["v"])]
                if (step + 1) % 3 == 0 or step + 1 == steps:
                    checkpoint(step=step + 1, model=model, momentum=momentum, order=order,
                               best=best)
                die_if_due(start, step)
            print(hashlib.sha256(repr([model, best]).encode()).hexdigest())
        """))

    @unittest.skipUnless(installed("numpy"), "numpy is not installed")
    def test_in_numpy(self):
        self.assert_same(self.body("import numpy", """
            numpy.random.seed(1)
            own = numpy.random.default_rng(2)
            w, state = numpy.random.randn(30), {"best": numpy.float64(1e9)}
            start = restore(CHECKPOINT_DIR, w=w, own=own, state=state)
            for step in range(start, steps):
                x = numpy.random.randn(30) + own.standard_normal(30)
                error = float(x @ w) - x[0]
                w -= 0.01 * error * x
                state["best"] = min(state["best"], numpy.float64(error * error))
                if (step + 1) % 3 == 0 or step + 1 == steps:
                    checkpoint(step=step + 1, w=w, own=own, state=state)
                die_if_due(start, step)
            print(hashlib.sha256(w.tobytes() + state["best"].tobytes()).hexdigest())
        """))

    @unittest.skipUnless(installed("torch"), "torch is not installed")
    def test_in_torch_with_dropout_batch_norm_and_two_schedules(self):
        """Two trainings in one script: most of a start is spent on importing torch."""
        self.assert_same(self.body("import torch", """
            torch.use_deterministic_algorithms(True)
            torch.set_num_threads(1)
            torch.manual_seed(1)
            def training(schedule):
                model = torch.nn.Sequential(
                    torch.nn.Linear(12, 16), torch.nn.BatchNorm1d(16), torch.nn.Dropout(0.3),
                    torch.nn.Linear(16, 3))
                optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
                return model, optimizer, schedule(optimizer)
            model, optimizer, scheduler = training(
                lambda o: torch.optim.lr_scheduler.OneCycleLR(o, max_lr=0.02, total_steps=100))
            other, other_optimizer, other_scheduler = training(
                lambda o: torch.optim.lr_scheduler.MultiStepLR(o, milestones=[5, 11]))
            shuffle = torch.Generator()
            shuffle.manual_seed(2)
            ema = torch.zeros(3)
            parts = dict(
                model=model, optimizer=optimizer, scheduler=scheduler, other=other,
                other_optimizer=other_optimizer, other_scheduler=other_scheduler,
                shuffle=shuffle, ema=ema)
            start = restore(CHECKPOINT_DIR, **parts)
            for step in range(start, steps):
                x = torch.randn(8, 12)
                y = torch.randint(0, 3, (8,), generator=shuffle)
                out = model(x)
                loss = torch.nn.functional.cross_entropy(out, y)
                for each, output in ((optimizer, out), (other_optimizer, other(x))):
                    each.zero_grad()
                    torch.nn.functional.cross_entropy(output, y).backward()
                    each.step()
                scheduler.step()
                other_scheduler.step()
                ema.mul_(0.9).add_(out.detach().mean(0), alpha=0.1)
                if (step + 1) % 3 == 0 or step + 1 == steps:
                    checkpoint(step=step + 1, loss=loss, **parts)
                die_if_due(start, step)
            digest = hashlib.sha256()
            for each in [*model.state_dict().values(), *other.state_dict().values(), ema]:
                digest.update(repr(each.double().reshape(-1).tolist()).encode())
            print(digest.hexdigest())
        """), steps=16)

    @unittest.skipUnless(installed("jax"), "jax is not installed")
    def test_in_jax(self):
        self.assert_same(self.body("import jax, jax.numpy as jnp, numpy, typing", """
            class State(typing.NamedTuple):
                w: object
                m: object
                count: object
                key: object
            half = jnp.full(10, 0.5, dtype=jnp.bfloat16)
            state = State(jnp.linspace(0.0, 1.0, 10), {"m": half}, 0, jax.random.PRNGKey(1))
            tables = {"seen": jnp.zeros(3)}
            start = restore(CHECKPOINT_DIR, tables=tables)
            state = value("state", state)
            assert state.count == start, (state.count, start)
            for step in range(start, steps):
                key, sub = jax.random.split(state.key)
                x = jax.random.normal(sub, (10,))
                g = (jnp.dot(x, state.w) - x[0]) * x
                m = (0.9 * state.m["m"] + g).astype(jnp.bfloat16)
                state = State(state.w - 0.01 * m, {"m": m}, state.count + 1, key)
                tables["seen"] = tables["seen"] + 1
                if (step + 1) % 3 == 0 or step + 1 == steps:
                    checkpoint(step=step + 1, state=state, tables=tables)
                die_if_due(start, step)
            data = numpy.asarray(state.w).tobytes() + numpy.asarray(tables["seen"]).tobytes()
            print(hashlib.sha256(data).hexdigest())
        """), steps=20)


@unittest.skipUnless(installed("torch"), "torch is not installed")
class InTorch(Case):
    def test_files_are_read_without_running_code_and_nothing_is_said(self):
        import torch

        vl = self.module()
        model = torch.nn.Linear(3, 2)
        optimizer = torch.optim.Adam(model.parameters())
        model(torch.ones(1, 3)).sum().backward()
        optimizer.step()
        with contextlib.redirect_stderr(io.StringIO()) as said:
            path = vl.checkpoint(step=1, model=model, optimizer=optimizer)
        meta = json.loads(pathlib.Path(path, "meta.json").read_text())
        forms = {name: each["form"] for name, each in meta["objects"].items()}
        self.assertEqual(("tensors", "mixed"), (forms["model"], forms["optimizer"]))
        self.assertEqual("", said.getvalue())

    def test_values_of_every_plain_kind_may_stand_beside_tensors(self):
        import torch

        vl = self.module()
        saved = {
            "t": torch.arange(6).reshape(2, 3).t(), "best": 0.1, "z": 1j, "raw": b"x",
            "seen": {1, 2}, "shape": torch.Size([2, 3]), "half": torch.ones(2).bfloat16(),
            "counts": collections.Counter("aab"), "last": collections.deque([1.5], maxlen=3),
        }
        if installed("numpy"):
            import numpy

            saved["n"] = numpy.float64(0.3)
        with contextlib.redirect_stderr(io.StringIO()) as said:
            vl.checkpoint(step=1, extra=saved)
        self.assertEqual("", said.getvalue())
        back = {}
        self.module().restore(str(self.kept), extra=back)
        for name in ("t", "half"):
            self.assertTrue(torch.equal(saved.pop(name), back.pop(name)))
        self.assertEqual(saved, back)

    def test_a_file_of_tensors_that_wants_to_run_code_is_refused(self):
        import torch
        import zlib

        class Evil:
            def __reduce__(self):
                return os.mkdir, (str(marker),)

        vl, marker = self.module(), self.home / "ran"
        path = pathlib.Path(
            vl.checkpoint(step=1, flat={"t": torch.ones(2)}, mixed={"t": torch.ones(2), "n": 1.5})
        )
        self.assertEqual(
            ["flat.pt", "meta.json", "mixed.pkl", "mixed.pt"],
            sorted(name for name in os.listdir(str(path)) if not name.startswith("rng-")),
        )
        for name, into in (("flat.pt", "flat"), ("mixed.pt", "mixed"), ("mixed.pkl", "mixed")):
            before = {each: (path / each).read_bytes() for each in (name, "meta.json")}
            if name.endswith(".pt"):
                torch.save({"t": Evil()}, str(path / name))
            else:
                (path / name).write_bytes(pickle.dumps({"t": Evil()}))
            data = (path / name).read_bytes()
            meta = json.loads(before["meta.json"])
            meta["objects"][into]["files"][name] = dict(bytes=len(data), crc32=zlib.crc32(data))
            (path / "meta.json").write_text(json.dumps(meta))
            with self.subTest(name), self.assertRaisesRegex(RuntimeError, "(?s)damaged.*mkdir"):
                self.module().restore(str(self.kept), **{into: {}})
            self.assertFalse(marker.exists())
            for each, was in before.items():
                (path / each).write_bytes(was)

    def test_anyone_can_load_the_model_with_torch_alone(self):
        import torch

        vl = self.module()
        model = torch.nn.Linear(3, 2)
        path = vl.checkpoint(step=1, model=model)
        state = torch.load(os.path.join(path, "model.pt"), weights_only=True)
        self.assertTrue(torch.equal(model.weight, state["weight"]))

    def test_the_same_state_gives_the_same_bytes_so_that_it_is_not_sent_twice(self):
        import torch

        vl = self.module()
        model = torch.nn.Linear(3, 2)
        paths = [pathlib.Path(vl.checkpoint(step=step, model=model)) for step in (1, 2)]
        self.assertEqual(*[(path / "model.pt").read_bytes() for path in paths])

    def test_compiled_and_data_parallel_wrappers_are_looked_through(self):
        import torch

        vl = self.module()
        inner = torch.nn.Linear(3, 2)
        vl.checkpoint(step=1, model=torch.nn.DataParallel(inner))
        plain = torch.nn.Linear(3, 2)
        self.module().restore(str(self.kept), model=plain)
        self.assertTrue(torch.equal(inner.weight, plain.weight))

    def test_the_random_states_of_all_gpus_come_back_and_fewer_gpus_are_mentioned(self):
        import torch

        states = [torch.arange(4, dtype=torch.uint8), torch.ones(4, dtype=torch.uint8)]
        given = {}
        before = {name: getattr(torch.cuda, name) for name in dir(torch.cuda)}

        def pretend(**fakes):
            for name, fake in fakes.items():
                setattr(torch.cuda, name, fake)
                self.addCleanup(setattr, torch.cuda, name, before[name])

        pretend(is_available=lambda: True, is_initialized=lambda: True,
                get_rng_state_all=lambda: states, device_count=lambda: 2,
                set_rng_state=lambda state, device: given.update({device: state.tolist()}))
        vl = self.module()
        vl.checkpoint(step=1, w=[1])
        vl.restore(vl.CHECKPOINT_DIR, w=[])
        self.assertEqual({0: [0, 1, 2, 3], 1: [1, 1, 1, 1]}, given)
        given.clear()
        pretend(device_count=lambda: 1)
        with contextlib.redirect_stderr(io.StringIO()) as said:
            self.module().restore(vl.CHECKPOINT_DIR, w=[])
        self.assertEqual({0: [0, 1, 2, 3]}, given)
        self.assertIn("random states of 2 GPUs, and there are 1 here", said.getvalue())

    def test_a_model_of_another_shape_is_a_clear_error(self):
        import torch

        vl = self.module()
        vl.checkpoint(step=1, model=torch.nn.Linear(3, 2))
        with self.assertRaisesRegex(RuntimeError, "restoring model from .*checkpoint-1: "):
            self.module().restore(str(self.kept), model=torch.nn.Linear(4, 2))

    def test_tensors_without_torch_are_a_clear_error(self):
        import torch

        vl = self.module()
        vl.checkpoint(step=1, extra={"t": torch.ones(2)})
        done = subprocess.run(
            [sys.executable, "-c",
             "import vaultlayer_checkpoint as v; v.restore(v.CHECKPOINT_DIR, extra={})"],
            env=environment(**self.env), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            universal_newlines=True,
        )
        self.assertIn("import torch before restore()", done.stderr)


if __name__ == "__main__":
    unittest.main()
