"""Resume of Hugging Face scripts that know nothing of us: with a stand-in of the Trainer's names,
signatures and order everywhere, with the real one where a Python has it."""

import json
import os
import shutil
import signal
import unittest

from hook_scene import FAKES, Scene, frameworks

STAND_IN = """
import sys
from transformers.training_args import TrainingArguments
from transformers.trainer import Trainer
pause = float(sys.argv[1])
print("total", Trainer(TrainingArguments("out", max_steps=30), pause=pause).train())
"""
WHOLE = "total %d" % sum(range(31))


class StandIn(Scene):
    def setUp(self):
        super().setUp()
        self.extra_path = [FAKES]
        self.script(STAND_IN)

    def killed_after(self, step, *command):
        process = self.start(*(command or ("train.py", "0.02")))
        self.wait(lambda: step in self.mirrored(), process)
        self.kill(process)

    def test_an_untouched_script_goes_on_where_it_was_killed(self):
        self.killed_after(20)
        self.next_attempt(20)
        self.assertEqual(self.run_python("train.py", "0")[0].strip(), WHOLE)
        self.assertEqual(self.steps("resumed"), [20])
        self.assertEqual(self.steps("saved"), [30])
        self.assertEqual(self.mirrored(), [20, 30])
        self.assertEqual(sorted(p.name for p in (self.work / "out").iterdir()),
                         ["checkpoint-20", "checkpoint-30"])
        progress = json.loads((self.told / "progress.json").read_text())
        self.assertEqual((progress["step"], progress["loss"]), (30, 0.5))

    def test_python_m_and_a_script_in_a_directory_of_its_own_do_too(self):
        (self.work / "deep").mkdir()
        for command in (("-m", "train", "0.02"), ("deep/train.py", "0.02")):
            with self.subTest(command[0]):
                self.env = {}
                self.script(STAND_IN, name=command[-2] if command[0] != "-m" else "train.py")
                self.killed_after(10, *command)
                restored = self.next_attempt(10)
                (self.work / "deep").mkdir()
                self.script(STAND_IN, name=command[-2] if command[0] != "-m" else "train.py")
                out = self.run_python(*command[:-1], "0")[0]
                self.assertEqual(out.strip(), WHOLE)
                self.assertEqual(self.steps("resumed"), [10])
                for each in self.kept.iterdir():
                    self.assertTrue(each.name.startswith("checkpoint"), restored)

    def resumed_with(self, argument):
        self.script(STAND_IN.replace(".train()", ".train(%s)" % argument))
        return self.run_python("train.py", "0")[0].strip(), self.steps("resumed")

    def test_what_the_script_asks_for_gives_way_unless_it_is_further(self):
        self.killed_after(20)
        for argument in ("None", "True", "False", "resume_from_checkpoint=None", "'warm-start'"):
            with self.subTest(argument):
                self.next_attempt(20)
                self.assertEqual(self.resumed_with(argument), (WHOLE, [20]))

    def test_a_path_of_the_script_that_is_further_stays(self):
        self.killed_after(20)
        self.next_attempt(20)
        further = self.work / "theirs"
        further.mkdir()
        (further / "trainer_state.json").write_text('{"global_step": 29, "total": 1000}')
        total, resumed = self.resumed_with("'theirs'")
        self.assertEqual((total, resumed), ("total 1030", []))
        self.assertEqual(self.steps("resume_not_observed"), [29])

    def test_only_the_first_training_of_a_process_resumes(self):
        self.killed_after(20)
        self.next_attempt(20)
        self.script(STAND_IN + """
second = Trainer(TrainingArguments("second", max_steps=5, save_steps=5))
print("second", second.train())
""")
        out = self.run_python("train.py", "0")[0]
        self.assertEqual(out.splitlines(), [WHOLE, "second 15"])
        self.assertEqual(self.steps("resumed"), [20])

    def test_another_script_does_not_take_this_ones_checkpoint(self):
        self.killed_after(20)
        self.next_attempt(20)
        self.script(STAND_IN, name="other.py")
        out, err = self.run_python("other.py", "0")
        self.assertEqual(out.strip(), WHOLE)
        self.assertEqual(self.steps("resumed"), [])
        self.assertIn("resume_not_observed", err)

    def test_another_frameworks_checkpoint_is_left_alone(self):
        self.killed_after(20)
        restored = self.next_attempt(20)
        meta = json.loads((restored / "vaultlayer_hook.json").read_text())
        (restored / "vaultlayer_hook.json").write_text(json.dumps(dict(meta, framework="orbax")))
        self.assertEqual(self.run_python("train.py", "0")[0].strip(), WHOLE)
        self.assertEqual(self.steps("resumed"), [])

    def test_a_save_that_is_asked_for_leaves_the_scripts_directory_as_it_is(self):
        self.script(STAND_IN.replace("max_steps=30", "max_steps=200, save_steps=1000"))
        process = self.start("train.py", "0.02")
        self.wait(lambda: self.events("found"), process)
        self.ask("r1")
        self.wait(lambda: self.events("saved"), process)
        told = self.events("saved")[0]
        self.kill(process)
        self.assertEqual(told["request"], "r1")
        self.assertEqual(self.mirrored(), [told["step"]])
        self.assertFalse((self.work / "out").exists())
        self.assertEqual([p.name for p in self.kept.iterdir()], ["checkpoint-%d" % told["step"]])
        self.next_attempt()
        self.run_python("train.py", "0")
        self.assertEqual(self.steps("resumed"), [told["step"]])

    def test_weights_alone_are_not_kept_but_a_whole_checkpoint_is_made_when_asked(self):
        self.script(STAND_IN.replace("max_steps=30", "max_steps=200, save_only_model=True"))
        process = self.start("train.py", "0.02")
        self.wait(lambda: (self.work / "out" / "checkpoint-10").exists(), process)
        self.assertEqual(self.mirrored(), [])
        self.ask("r1")
        self.wait(lambda: self.events("saved"), process)
        step = self.events("saved")[0]["step"]
        self.kill(process)
        self.assertTrue((self.kept / ("checkpoint-%d" % step) / "optimizer.pt").exists())
        self.assertFalse((self.work / "out" / "checkpoint-10" / "optimizer.pt").exists())

    def test_sigterm_saves_and_then_ends_the_process_as_it_would_have(self):
        process = self.start("train.py", "0.1")
        self.wait(lambda: self.events("found"), process)
        process.send_signal(signal.SIGTERM)
        status, out, _ = self.finish(process)
        self.assertEqual((status, out), (-signal.SIGTERM, ""))
        self.assertEqual([e["request"] for e in self.events("saved")], ["sigterm"])

    def test_a_handler_of_the_scripts_own_keeps_its_word(self):
        self.script("""
import signal
stops = []
def theirs(*_): stops.append(1)
signal.signal(signal.SIGTERM, theirs)
""" + STAND_IN + """
print("stops", len(stops), signal.getsignal(signal.SIGTERM) is theirs)
""")
        process = self.start("train.py", "0.05")
        self.wait(lambda: self.events("found"), process)
        process.send_signal(signal.SIGTERM)
        status, out, _ = self.finish(process)
        self.assertEqual((status, out.splitlines()), (0, [WHOLE, "stops 1 True"]))
        self.assertIn("sigterm", [e.get("request") for e in self.events("saved")])

    def test_a_trainer_that_is_not_as_expected_runs_as_if_unmanaged(self):
        odd = self.home / "odd" / "transformers"
        odd.mkdir(parents=True)
        (odd / "__init__.py").write_text("")
        (odd / "trainer.py").write_text("class Trainer:\n    def train(self): return 'trained'\n")
        self.extra_path = [self.home / "odd"]
        self.script("from transformers.trainer import Trainer\nprint(Trainer().train())\n")
        out, err = self.run_python("train.py")
        self.assertEqual(out.strip(), "trained")
        self.assertEqual(err.count("[vaultlayer]"), 1)
        self.assertEqual(len(self.events("error")), 1)

    def test_a_fault_in_the_middle_of_a_training_is_told_once_and_the_training_goes_on(self):
        self.script("""
import vaultlayer_hook.mirror as mirror
def keep(*_): raise RuntimeError("boom")
mirror.keep = keep
""" + STAND_IN)
        out, err = self.run_python("train.py", "0")
        self.assertEqual(out.strip(), WHOLE)
        self.assertEqual(err.count("[vaultlayer]"), 1)
        self.assertIn("boom", self.events("error")[0]["text"])
        self.assertEqual(len(self.events("error")), 1)

    def test_a_kept_directory_that_is_full_costs_the_save_and_not_the_training(self):
        self.script("""
import vaultlayer_hook.mirror as mirror
def keep(*_): raise OSError(28, "No space left on device")
mirror.keep = keep
""" + STAND_IN)
        out, err = self.run_python("train.py", "0")
        self.assertEqual(out.strip(), WHOLE)
        self.assertEqual(len(self.events("error")), 3)
        self.assertIn("No space left", err)

    def test_of_two_trainings_at_once_the_first_is_kept(self):
        first = self.start("train.py", "0.1")
        self.wait(lambda: self.events("found"), first)
        self.script(STAND_IN, name="other.py")
        out, err = self.run_python("other.py", "0")
        self.assertEqual(out.strip(), WHOLE)
        self.assertIn("two trainings", err)
        self.assertTrue(all(e["pid"] == first.pid for e in self.events("saved")))


class Real(Scene):
    """transformers itself. The reference is the same process, which went on to its end."""

    SCRIPT = '''
import hashlib, torch
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments, set_seed

class Tokens(torch.utils.data.Dataset):
    def __len__(self):
        return 48
    def __getitem__(self, index):
        import time; time.sleep(0.005)
        ids = torch.randint(0, 64, (8,), generator=torch.Generator().manual_seed(index))
        return {"input_ids": ids, "labels": ids}

set_seed(7)
torch.set_num_threads(1)
shape = dict(vocab_size=64, n_positions=8, n_embd=16, n_layer=1, n_head=2)
model = GPT2LMHeadModel(GPT2Config(bos_token_id=0, eos_token_id=0, **shape))
arguments = TrainingArguments(
    "out", max_steps=40, logging_steps=1, per_device_train_batch_size=4, learning_rate=1e-3,
    use_cpu=True, report_to="none", disable_tqdm=True, SETTINGS)
trainer = Trainer(model=model, args=arguments, train_dataset=Tokens(), eval_dataset=Tokens())
trainer.train()
if trainer.is_world_process_zero():
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode() + tensor.numpy().tobytes())
    print("weights", trainer.state.global_step, digest.hexdigest())
'''

    @classmethod
    def setUpClass(cls):
        cls.python, why = frameworks()
        if not cls.python:
            raise unittest.SkipTest("resume with the real Trainer was not checked: " + why)

    def trainer(self, settings):
        self.script(self.SCRIPT.replace("SETTINGS", settings))

    def weights(self, output):
        return [line for line in output.splitlines() if line.startswith("weights")]

    def set_aside(self, process, until):
        """Links the newest mirrored checkpoint away while the training goes on."""
        self.wait(until, process)
        step = self.mirrored()[-1]
        shutil.copytree(str(self.kept / ("checkpoint-%d" % step)), str(self.home / "aside"),
                        copy_function=os.link)
        return step

    def resume_from(self, step):
        shutil.rmtree(str(self.kept / ("checkpoint-%d" % step)), ignore_errors=True)
        (self.home / "aside").rename(self.kept / ("checkpoint-%d" % step))
        self.next_attempt(step)

    def test_two_ranks_resume_bit_for_bit_from_a_save_that_was_asked_for(self):
        self.trainer('save_strategy="no"')
        command = ("-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone", "train.py")
        process = self.start(*command)
        self.wait(lambda: self.events("found"), process)
        self.ask("r1")
        step = self.set_aside(process, lambda: self.events("saved"))
        status, out, err = self.finish(process)
        self.assertEqual(status, 0, err[-3000:])
        self.assertEqual([e.get("request") for e in self.events("saved")], ["r1"])
        self.assertFalse((self.work / "out" / ("checkpoint-%d" % step)).exists())
        ranks = {p.name for p in (self.home / "aside").glob("rng_state*")}
        self.assertEqual(ranks, {"rng_state_0.pth", "rng_state_1.pth"})
        self.resume_from(step)
        self.assertEqual(self.weights(self.run_python(*command)[0]), self.weights(out))
        self.assertEqual(self.steps("resumed"), [step])

    def test_the_best_model_of_before_the_kill_is_loaded_at_the_end(self):
        # The loss falls, and here the greatest is the best: the first that was evaluated.
        self.trainer('save_steps=10, eval_strategy="steps", eval_steps=10, save_total_limit=1,'
                     ' load_best_model_at_end=True, greater_is_better=True')
        process = self.start("train.py")
        step = self.set_aside(process, lambda: 20 in self.steps("saved"))
        status, out, err = self.finish(process)
        self.assertEqual(status, 0, err[-3000:])
        self.resume_from(step)
        again = self.run_python("train.py")[0]
        self.assertEqual(self.steps("resumed"), [step])
        self.assertEqual(self.weights(again), self.weights(out))
        state = json.loads((self.kept / "checkpoint-40" / "trainer_state.json").read_text())
        self.assertEqual(state["best_model_checkpoint"], "out/checkpoint-10")


if __name__ == "__main__":
    unittest.main()
