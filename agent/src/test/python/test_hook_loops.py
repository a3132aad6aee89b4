"""The hook's adapters for loops that load by themselves, against small doubles of the frameworks' classes.

The real ones train in tests/ (docs/matrix.md); here is what must hold whatever they do.
"""

import importlib
import os
import pathlib
import random
import sys
import tempfile
import types
import unittest
from unittest import mock

SOURCES = pathlib.Path(__file__).resolve().parents[2] / "main" / "resources" / "python"
sys.path.insert(0, str(SOURCES))


class Case(unittest.TestCase):
    """One attempt, seen from inside its process."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="vl hook ")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name).resolve()
        self.attempts = 0

    def attempt(self, resume=None):
        """A fresh process on a fresh host, as far as the hook can tell."""
        self.end()
        self.attempts += 1
        work, run = self.root / f"work{self.attempts}", self.root / f"run{self.attempts}"
        work.mkdir(), run.mkdir()
        self.kept = self.root / "kept"
        self.kept.mkdir(exist_ok=True)
        here = os.getcwd()
        os.chdir(work)
        self.addCleanup(os.chdir, here)
        environment = {"VAULTLAYER_CHECKPOINT_DIR": str(self.kept), "VAULTLAYER_RUN_DIR": str(run)}
        if resume is not None:
            environment["VAULTLAYER_RESUME_FROM"] = str(self.kept / f"checkpoint-{resume}")
            environment["VAULTLAYER_RESUME_STEP"] = str(resume)
        patched = mock.patch.dict(os.environ, environment)
        patched.start()
        self.addCleanup(patched.stop)
        self.addCleanup(self.end)
        for name in [n for n in sys.modules if n.split(".")[0] == "vaultlayer_hook"]:
            del sys.modules[name]
        self.run_dir = run

    @staticmethod
    def end():
        """As at the end of the process, while its environment is still there."""
        keeper = sys.modules.get("vaultlayer_hook.keeper")
        if keeper is not None and keeper.current is not None:
            keeper.current.end()

    def patch(self, adapter, name, **members):
        module = types.SimpleNamespace(**members)
        importlib.import_module("vaultlayer_hook.core").patch(adapter, name, module)
        return module

    def events(self):
        path = self.run_dir / "events.jsonl"
        return path.read_text() if path.exists() else ""


def engine_class():
    class DeepSpeedEngine:
        def __init__(self):
            self.global_steps = 0

        def backward(self, loss):
            return loss

        def step(self):
            self.global_steps += 1

        def save_checkpoint(self, save_dir, tag=None, client_state={}, save_latest=True):
            tag = tag or f"global_step{self.global_steps}"
            os.makedirs(os.path.join(save_dir, tag))
            pathlib.Path(save_dir, tag, "mp_rank_00_model_states.pt").write_text(tag)
            pathlib.Path(save_dir, "latest").write_text(tag)
            return True

        def load_checkpoint(self, load_dir, tag=None):
            latest = pathlib.Path(load_dir, "latest")
            if not latest.exists():
                return None, None
            path = pathlib.Path(load_dir, latest.read_text(), "mp_rank_00_model_states.pt")
            self.global_steps = int(path.read_text()[len("global_step"):])
            return str(path), {}

    return DeepSpeedEngine


class DeepSpeed(Case):
    def engine(self):
        return self.patch("deepspeed", "deepspeed.runtime.engine", DeepSpeedEngine=engine_class()).DeepSpeedEngine()

    def test_what_was_saved_is_back_on_the_next_host_and_the_script_loads_it(self):
        self.attempt()
        engine = self.engine()
        self.assertEqual((None, None), engine.load_checkpoint("ckpts"))
        for _ in range(3):
            engine.step()
        self.assertTrue(engine.save_checkpoint("ckpts"))
        self.assertEqual("global_step3", (self.kept / "checkpoint-3" / "latest").read_text())

        self.attempt(resume=3)
        engine = self.engine()
        path, _ = engine.load_checkpoint("ckpts")
        self.assertTrue(path.endswith("global_step3/mp_rank_00_model_states.pt"))
        engine.step()
        self.assertEqual(4, engine.global_steps)
        self.assertIn('"event": "resumed"', self.events())

    def test_the_kept_copy_of_latest_does_not_follow_the_next_save(self):
        self.attempt()
        engine = self.engine()
        engine.step()
        engine.save_checkpoint("ckpts")
        engine.step()
        engine.save_checkpoint("ckpts")
        self.assertEqual("global_step1", (self.kept / "checkpoint-1" / "latest").read_text())

    def test_a_script_that_does_not_load_what_was_restored_is_told_so(self):
        self.attempt()
        engine = self.engine()
        engine.step()
        engine.save_checkpoint("ckpts")
        self.attempt(resume=1)
        with mock.patch("sys.stderr") as err:
            self.engine().step()
        self.assertIn("resume_not_observed", self.events())
        self.assertIn("resume_not_observed", "".join(str(c) for c in err.write.call_args_list))

    def test_an_engine_of_another_shape_is_left_as_it_is(self):
        class DeepSpeedEngine:
            def save_checkpoint(self, save_dir):
                return "theirs"

        self.attempt()
        with mock.patch("sys.stderr"):
            module = self.patch("deepspeed", "deepspeed.runtime.engine", DeepSpeedEngine=DeepSpeedEngine)
        self.assertEqual("theirs", module.DeepSpeedEngine().save_checkpoint("x"))
        self.assertIn('"event": "error"', self.events())

    def test_under_a_framework_that_keeps_its_own_it_keeps_nothing(self):
        self.attempt()
        engine = self.engine()
        keeper = importlib.import_module("vaultlayer_hook.keeper")
        with mock.patch.object(keeper, "current", keeper.Keeper("transformers")):
            engine.step()
            engine.save_checkpoint("ckpts")
        self.assertEqual([], list(self.kept.iterdir()))


class Dcp(Case):
    def saver(self):
        def save(state_dict, *, checkpoint_id=None, storage_writer=None):
            os.makedirs(checkpoint_id, exist_ok=True)
            pathlib.Path(checkpoint_id, "__0_0.distcp").write_text(state_dict)
            pathlib.Path(checkpoint_id, ".metadata").write_text("m")

        return self.patch("dcp", "torch.distributed.checkpoint.state_dict_saver", save=save)

    def test_the_step_is_the_last_number_of_the_name_or_of_its_parents(self):
        self.attempt()
        dcp = importlib.import_module("vaultlayer_hook.dcp")
        for path, step in [("/a/step-20", 20), ("/a/run2/epoch_3_step_40", 40), ("/a/step_7/model", 7), ("/run3/b", None)]:
            self.assertEqual(step, dcp.step_of(path), path)

    def test_a_directory_that_is_saved_to_again_is_numbered_on_and_copied(self):
        self.attempt()
        module = self.saver()
        module.save("one", checkpoint_id="state")
        module.save("two", checkpoint_id="state")
        held = {p.name: (p / "state" / "__0_0.distcp").read_text() for p in self.kept.iterdir()}
        self.assertEqual({"checkpoint-1": "one", "checkpoint-2": "two"}, held)

    def test_model_and_optimizer_of_one_step_saved_apart_are_one_checkpoint(self):
        self.attempt()
        module = self.saver()
        module.save("m", checkpoint_id="step_5/model")
        module.save("o", checkpoint_id="step_5/optimizer")
        self.assertEqual(
            ["model", "optimizer"], sorted(p.name for p in (self.kept / "checkpoint-5").iterdir() if p.is_dir())
        )


class Orbax(Case):
    def manager(self, every=10):
        class CheckpointManager:
            def __init__(self, directory):
                self.directory = os.path.abspath(directory)
                os.makedirs(directory, exist_ok=True)

            def latest_step(self):
                return max((int(n) for n in os.listdir(self.directory) if n.isdigit()), default=None)

            def should_save(self, step):
                return step % every == 0

            def save(self, step, state):
                if not self.should_save(step):
                    return False
                pathlib.Path(self.directory, f"{step}.tmp").mkdir()
                os.rename(pathlib.Path(self.directory, f"{step}.tmp"), pathlib.Path(self.directory, str(step)))
                pathlib.Path(self.directory, str(step), "state").write_text(state)
                self._finalize(step, [])
                return True

            def restore(self, step):
                return pathlib.Path(self.directory, str(step), "state").read_text()

            def wait_until_finished(self):
                pass

            def _finalize(self, step, steps_to_remove):
                pass

        return self.patch(
            "orbax", "orbax.checkpoint.checkpoint_manager", CheckpointManager=CheckpointManager
        ).CheckpointManager

    def test_the_usual_idiom_finds_its_latest_step_on_the_next_host(self):
        self.attempt()
        manager = self.manager()("ckpts")
        saved = [step for step in range(1, 13) if manager.save(step, f"s{step}")]
        self.assertEqual([10], saved)
        self.attempt(resume=10)
        manager = self.manager()("ckpts")
        self.assertEqual((10, "s10"), (manager.latest_step(), manager.restore(10)))
        manager.save(11, "s11")
        self.assertIn('"event": "resumed"', self.events())

    def test_asked_for_a_save_it_makes_one_at_a_step_that_is_not_due(self):
        self.attempt()
        manager = self.manager()("ckpts")
        manager.save(1, "s1")
        (self.run_dir / "save-now").write_text("r1")
        saved = [step for step in range(2, 6) if manager.save(step, f"s{step}")]
        self.assertEqual([2], saved)
        self.assertTrue((self.kept / "checkpoint-2" / "2" / "state").is_file())
        self.assertIn('"request": "r1"', self.events())


class RandomStates(Case):
    def test_they_come_back_for_each_rank_and_not_among_the_scripts_files(self):
        self.attempt()
        rng = importlib.import_module("vaultlayer_hook.rng")
        stem = str(self.run_dir / "rng-5")
        random.seed(3)
        rng.write(stem, 1, {"now": rng.states()})
        wanted = random.random()
        (source,) = [each for each in rng.sources(stem, 2) if each.name.endswith("_1.pkl")]
        self.assertFalse(source.back)
        os.rename(source.path, self.kept / source.name)
        rng.restore(rng.read(str(self.kept), 1)["now"])
        self.assertEqual(wanted, random.random())
        self.assertIsNone(rng.read(str(self.kept), 0))


if __name__ == "__main__":
    unittest.main()
