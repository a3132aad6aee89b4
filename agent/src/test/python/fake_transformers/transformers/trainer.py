import json
import os
import shutil
import time


class TrainerCallback:
    pass


def _event(name):
    setattr(TrainerCallback, name, lambda self, args, state, control, **kwargs: None)


for _name in ("on_train_begin", "on_step_end", "on_log", "on_save", "on_train_end"):
    _event(_name)


class State:
    def __init__(self, step=0, total=0, max_steps=0):
        self.global_step, self.total, self.max_steps = step, total, max_steps
        self.best_model_checkpoint = None

    def save_to_json(self, path):
        with open(path, "w") as file:
            json.dump({"global_step": self.global_step, "total": self.total}, file)


class Control:
    should_save = False


class Trainer:
    def __init__(self, args, callbacks=(), pause=0.0):
        self.args, self.callbacks, self.pause = args, list(callbacks), pause
        self.state, self.control, self.model = State(), Control(), object()

    def add_callback(self, callback):
        self.callbacks.append(callback)

    def remove_callback(self, callback):
        self.callbacks.remove(callback)

    def _tell(self, event, **more):
        for each in list(self.callbacks):
            getattr(each, event)(self.args, self.state, self.control, **more)

    def train(self, resume_from_checkpoint=None, trial=None, ignore_keys_for_eval=None, **kwargs):
        """Adds up the steps' numbers."""
        if resume_from_checkpoint is True:
            names = os.listdir(self.args.output_dir)
            resume_from_checkpoint = os.path.join(self.args.output_dir, sorted(names)[-1])
        self.state = State(max_steps=self.args.max_steps)
        if resume_from_checkpoint:
            with open(os.path.join(resume_from_checkpoint, "trainer_state.json")) as file:
                saved = json.load(file)
            self.state = State(saved["global_step"], saved["total"], self.args.max_steps)
        self._tell("on_train_begin")
        while self.state.global_step < self.args.max_steps:
            time.sleep(self.pause)
            self.state.global_step += 1
            self.state.total += self.state.global_step
            self.control.should_save = self.state.global_step % self.args.save_steps == 0
            self._tell("on_step_end")
            self._maybe_log_save_evaluate(0.5, None, self.model, trial, 0.0, None, 0.0)
        self._tell("on_train_end")
        return self.state.total

    def _maybe_log_save_evaluate(self, tr_loss, grad_norm, model, trial, epoch,
                                 ignore_keys_for_eval, start_time, learning_rate=None):
        self._tell("on_log", logs={"loss": tr_loss, "grad_norm": grad_norm})
        if self.control.should_save:
            self._save_checkpoint(model, trial)
            self._tell("on_save")

    def _get_output_dir(self, trial):
        return self.args.output_dir

    def _save_checkpoint(self, model, trial):
        run = self._get_output_dir(trial=trial)
        place = os.path.join(run, "checkpoint-%d" % self.state.global_step)
        os.makedirs(place, exist_ok=True)
        if not self.args.save_only_model:
            with open(os.path.join(place, "optimizer.pt"), "w") as file:
                file.write("moments of step %d" % self.state.global_step)
        self.state.save_to_json(os.path.join(place, "trainer_state.json"))
        limit = self.args.save_total_limit
        steps = sorted(int(name.split("-")[1]) for name in os.listdir(run))
        for step in steps[: len(steps) - limit] if limit else []:
            shutil.rmtree(os.path.join(run, "checkpoint-%d" % step))
