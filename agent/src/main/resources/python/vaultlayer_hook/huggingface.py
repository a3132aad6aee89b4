"""Hugging Face Trainer, and what inherits it (TRL, sentence-transformers, ...). Read with 4.57, 5.18.

`Trainer.train` gets the restored checkpoint; a callback of ours, the last in the list, sees steps
and saves. `on_save` comes on each rank when that rank's part is on disk. A save that the agent asks
for is made where the Trainer makes its own (the end of `_maybe_log_save_evaluate`: what is due at
that step has been logged and evaluated, the next batch is not drawn), but into the kept directory:
the script's directory, its rotation and its `on_save` callbacks see nothing of it.
"""

import contextlib
import functools
import json
import math
import os
import re
import shutil

from vaultlayer_hook import mirror, report, resume
from vaultlayer_hook.keeper import Keeper
from vaultlayer_hook.mirror import Source
from vaultlayer_hook.report import guarded

FRAMEWORK = "transformers"
STATE = "trainer_state.json"
_NOT_THE_MODEL = r"(optimizer|scheduler|scaler|rng_state|global_step|trainer_state|training_args)"
_NO_WEIGHTS_ONLY = "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"

_resumed = False  # a process resumes its first training only


def patch_arguments(module):
    """Files back where a script looks that resumes by itself, as soon as it says where that is."""
    original = module.TrainingArguments.__post_init__

    @functools.wraps(original)
    def __post_init__(self, *args, **kwargs):
        original(self, *args, **kwargs)
        _put_back(self)

    module.TrainingArguments.__post_init__ = __post_init__


def patch_trainer(module):
    trainer, callback = module.Trainer, _callback_class(module.TrainerCallback)
    original_train = trainer.train
    original_save = trainer._save_checkpoint
    original_due = trainer._maybe_log_save_evaluate

    @functools.wraps(original_train)
    def train(self, *args, **kwargs):
        eye = _begin(self, callback, args, kwargs)
        if eye is None:
            return original_train(self, *args, **kwargs)
        try:
            return original_train(self, *eye.args, **eye.kwargs)
        finally:
            eye.over()

    @functools.wraps(original_save)
    def _save_checkpoint(self, *args, **kwargs):
        _saving(self)
        return original_save(self, *args, **kwargs)

    @functools.wraps(original_due)
    def _maybe_log_save_evaluate(self, *args, **kwargs):
        result = original_due(self, *args, **kwargs)
        eye = getattr(self, "_vaultlayer", None)
        if eye is not None:
            eye.save_if_asked()
        return result

    trainer.train = train
    trainer._save_checkpoint = _save_checkpoint
    trainer._maybe_log_save_evaluate = _maybe_log_save_evaluate


PATCHES = {
    "transformers.training_args": patch_arguments,
    "transformers.trainer": patch_trainer,
}


def looks_like(path):
    return os.path.isfile(os.path.join(path, STATE))


# --- resume ---------------------------------------------------------------------------------------


@guarded
def _put_back(arguments):
    if _resumed or not arguments.output_dir:
        return
    restored = resume.restored(FRAMEWORK)
    if restored is not None and restored.meta.get("outputDir") == str(arguments.output_dir):
        mirror.put_back(restored.path)


@guarded
def _begin(trainer, callback, args, kwargs):
    """Watches a training and gives it its checkpoint; None for one that is not ours to watch."""
    global _resumed
    trial = args[1] if len(args) > 1 else kwargs.get("trial")
    if trial is not None or mirror.kept_dir() is None or getattr(trainer, "_vaultlayer", None):
        return None  # each trial of a search is a training of its own, that nobody resumes
    eye = callback(trainer, args, kwargs)
    _preflight(trainer)
    if not _resumed:
        _resumed = True
        eye.resume(resume.restored(FRAMEWORK, looks_like))
    trainer.add_callback(eye)
    trainer._vaultlayer = eye
    return eye


def _instead_of(given, restored):
    """Whether the restored checkpoint takes the place of what the script asked for."""
    if given is None or isinstance(given, bool):
        return True
    try:
        with open(os.path.join(given, STATE), encoding="utf-8") as file:
            return json.load(file)["global_step"] < restored.step
    except (OSError, ValueError, KeyError, TypeError):
        return True  # a warm start of the first attempt, whose steps are in the restored one


def _preflight(trainer):
    if not trainer.args.process_index == 0:
        return
    found = report.versions("torch", "transformers", "trl", "accelerate", "peft", "safetensors")
    report.event("preflight", framework=FRAMEWORK, versions=found, world=trainer.args.world_size,
                 saves=str(getattr(trainer.args.save_strategy, "value", "")))
    if getattr(trainer.args, "save_only_model", False):
        report.say("save_only_model=True: the script's own checkpoints hold no optimizer and cannot"
                   " be resumed from; they are not kept, only those that the agent asks for are")
    if not _can_load(found):
        report.say("transformers %(transformers)s trains with torch %(torch)s but cannot resume:"
                   " it wants torch 2.6 or newer to load a checkpoint" % found)


def _can_load(found):
    return not (_pair(found.get("torch", "9.9")) < (2, 6)
                and _pair(found.get("transformers", "0.0")) >= (4, 52))


def _pair(version):
    digits = [int("".join(c for c in part if c.isdigit()) or 0) for part in version.split(".")[:2]]
    return tuple(digits + [0] * (2 - len(digits)))


# --- steps and saves ------------------------------------------------------------------------------


@guarded
def _saving(trainer):
    eye = getattr(trainer, "_vaultlayer", None)
    if eye is not None:
        eye.save_begins()


def _callback_class(base):
    """Of the framework's own base, which is there only once it is imported."""

    class VaultLayerCallback(base):
        def __init__(self, trainer, args, kwargs):
            self._trainer = trainer
            self.args, self.kwargs = args, kwargs
            self._keeper = Keeper(FRAMEWORK, _version(), trainer.args.process_index,
                                  trainer.args.world_size)
            self._restored = None
            self._put_env = False
            self._begun = False
            self._routed = False
            self._asked = None
            self._loss = None
            self._bad_norms = 0

        # --- called by the patches ---

        def resume(self, restored):
            if restored is None:
                return
            given = self.args[0] if self.args else self.kwargs.get("resume_from_checkpoint")
            if not _instead_of(given, restored):
                return
            if restored.meta.get("world") not in (None, trainer_world(self._trainer)):
                report.say("step %d was saved by %s processes and is resumed by %d: the order of"
                           " the data changes" % (restored.step, restored.meta["world"],
                                                  trainer_world(self._trainer)))
            self._restored = restored
            if self.args:
                self.args = (restored.path,) + tuple(self.args[1:])
            else:
                self.kwargs = dict(self.kwargs, resume_from_checkpoint=restored.path)
            # Checkpoints of older versions hold more than tensors; this one is the job's own.
            if _NO_WEIGHTS_ONLY not in os.environ and "TORCH_FORCE_WEIGHTS_ONLY_LOAD" not in (
                os.environ
            ):
                os.environ[_NO_WEIGHTS_ONLY] = "1"
                self._put_env = True

        @guarded
        def save_begins(self):
            step = self._trainer.state.global_step
            if not self._routed and self._trainer.args.process_index == 0:
                mirror.unshare(step)
            self._keeper.saving(step)

        def save_if_asked(self):
            # Not guarded as a whole: a save is collective, and its faults are told by the keeper.
            request, self._asked = self._asked, None
            if request is not None:
                self._save(request)

        @guarded
        def over(self):
            self._loaded()
            self._keeper.end()
            self._trainer._vaultlayer = None
            self._trainer.remove_callback(self)

        # --- called by the Trainer ---

        @guarded
        def on_train_begin(self, args, state, control, **kwargs):
            if not self._begun:  # once more for each batch size that auto_find_batch_size tries
                self._begun = True
                self._keeper.begin(state.global_step, self._restored, path=args.output_dir,
                                   maxSteps=state.max_steps)

        @guarded
        def on_log(self, args, state, control, logs=None, **kwargs):
            loss, norm = (logs or {}).get("loss"), (logs or {}).get("grad_norm")
            if loss is None:
                return
            # The Trainer replaces a loss that is not finite by the mean of those before; the norm
            # tells. One bad norm may be a step that a loss scaler has skipped.
            bad = norm is not None and not math.isfinite(float(norm))
            self._bad_norms = self._bad_norms + 1 if bad else 0
            self._loss = float(loss)
            if self._bad_norms > 1 or bad and self._loss == 0.0:
                self._loss = math.nan
            self._keeper.stepped(state.global_step, self._loss)

        @guarded
        def on_step_end(self, args, state, control, **kwargs):
            if self._put_env:
                self._loaded()
            self._keeper.stepped(state.global_step, self._loss)
            self._asked = self._keeper.due(state.global_step)

        @guarded
        def on_save(self, args, state, control, **kwargs):
            if getattr(args, "save_only_model", False):
                return
            request, self._asked = self._asked, None
            sources = [Source(self._own_path(), "")] + self._best()
            self._keeper.saved(state.global_step, sources, request, **self._noted())

        # --- its own ---

        def _own_path(self):
            return os.path.join(self._trainer._get_output_dir(trial=None),
                                "checkpoint-%d" % self._trainer.state.global_step)

        def _noted(self):
            return {"trainer": type(self._trainer).__name__,
                    "outputDir": str(self._trainer.args.output_dir)}

        def _best(self):
            """The best model so far, for load_best_model_at_end: an earlier checkpoint's."""
            best = self._trainer.state.best_model_checkpoint
            if (not best or not os.path.isdir(best)
                    or os.path.abspath(best) == os.path.abspath(self._own_path())):
                return []
            below = os.path.join("vaultlayer_best", os.path.basename(os.path.normpath(best)))
            return [Source(entry.path, os.path.join(below, entry.name))
                    for entry in os.scandir(best) if not re.match(_NOT_THE_MODEL, entry.name)]

        def _loaded(self):
            if self._put_env:
                self._put_env = False
                os.environ.pop(_NO_WEIGHTS_ONLY, None)

        def _save(self, request):
            step = self._trainer.state.global_step
            place = mirror.staging(request)
            try:
                with self._routed_to(place):
                    self._trainer._save_checkpoint(self._trainer.model, trial=None)
            except Exception as error:
                self._keeper.not_saved(step, "%s: %s" % (type(error).__name__, error), request)
                if self._trainer.args.process_index == 0:
                    shutil.rmtree(place, ignore_errors=True)
                return
            self._keeper.saved(step, self._best(), request,
                               os.path.join(place, "checkpoint-%d" % step), **self._noted())

        @contextlib.contextmanager
        def _routed_to(self, place):
            trainer, args, state = self._trainer, self._trainer.args, self._trainer.state
            best = state.best_model_checkpoint
            pushes, only_model = args.push_to_hub, getattr(args, "save_only_model", False)
            self._routed = True
            trainer._get_output_dir = lambda trial=None: place
            args.push_to_hub = False
            if only_model:
                args.save_only_model = False
            try:
                yield
            finally:
                self._routed = False
                del trainer._get_output_dir
                args.push_to_hub = pushes
                if only_model:
                    args.save_only_model = only_model
                self._unmix(best, place)

        def _unmix(self, best, place):
            """The best checkpoint is one of the script's own, never one of ours."""
            state = self._trainer.state
            if state.best_model_checkpoint != best:
                state.best_model_checkpoint = best
                path = os.path.join(place, "checkpoint-%d" % state.global_step, STATE)
                if self._trainer.args.process_index == 0 and os.path.isfile(path):
                    state.save_to_json(path)

    return VaultLayerCallback


def trainer_world(trainer):
    return trainer.args.world_size


def _version():
    return report.versions(FRAMEWORK).get(FRAMEWORK)
