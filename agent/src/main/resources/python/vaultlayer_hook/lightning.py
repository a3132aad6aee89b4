"""Lightning's Trainer, in both packages (`lightning.pytorch`, `pytorch_lightning`). Read with 2.6.6.

`Trainer.fit` gets the restored file as its `ckpt_path`; a callback of ours, the last in the list,
sees steps. `Trainer.save_checkpoint` is what every save goes through, on each rank, and its last
act is a barrier: what it has returned from is whole. Since 2.4 the file is renamed into place.

Two things that Lightning's checkpoints do not hold are kept beside them, so that a resumed run is
the run that was interrupted: the random states (`rng.py`), and, for a save inside an epoch, how
many batches the data loader had given out; they are drawn again and dropped.
"""

import functools
import os
import shutil
import time

from vaultlayer_hook import mirror, report, resume, rng
from vaultlayer_hook.asking import BY_SIGNAL
from vaultlayer_hook.keeper import Keeper
from vaultlayer_hook.mirror import Source
from vaultlayer_hook.report import guarded

FRAMEWORK = "lightning"
_CKPT_PATH = 4  # position in fit(model, train_dataloaders, val_dataloaders, datamodule, ckpt_path)
_NO_WEIGHTS_ONLY = "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"

# A signal that no save has answered by then is passed on: the ranks could not agree.
_STEPS_BEFORE_SIGNAL_IS_PASSED_ON = 5

# Reading a loss waits for the GPU, so not at each step.
_LOSS_SECONDS = 1.0

_resumed = False  # a process resumes its first training only


def patch_trainer(module):
    _put_back()
    trainer, callback = module.Trainer, _callback_class(module.Callback)
    original_fit, original_save = trainer.fit, trainer.save_checkpoint

    @functools.wraps(original_fit)
    def fit(self, *args, **kwargs):
        eye = _begin(self, callback, args, kwargs)
        if eye is None:
            return original_fit(self, *args, **kwargs)
        try:
            return original_fit(self, *eye.args, **eye.kwargs)
        finally:
            eye.over()

    @functools.wraps(original_save)
    def save_checkpoint(self, filepath, weights_only=None, *args, **kwargs):
        eye = getattr(self, "_vaultlayer", None)
        if eye is not None:
            eye.save_begins()
        if weights_only is None:  # the default was False before 2.6
            result = original_save(self, filepath, *args, **kwargs)
        else:
            result = original_save(self, filepath, weights_only, *args, **kwargs)
        if eye is not None:
            eye.has_saved(filepath, weights_only)
        return result

    trainer.fit = fit
    trainer.save_checkpoint = save_checkpoint


PATCHES = {
    "lightning.pytorch.trainer.trainer": patch_trainer,
    "pytorch_lightning.trainer.trainer": patch_trainer,
}


def looks_like(path):
    return _file_of(path, {}) is not None


def _file_of(path, meta):
    """The checkpoint itself, which may be a directory for sharded strategies."""
    if meta.get("file"):
        return os.path.join(path, meta["file"])
    if path.endswith(".ckpt"):
        return path
    names = sorted(n for n in os.listdir(path) if n.endswith(".ckpt")) if os.path.isdir(path) else []
    return os.path.join(path, names[0]) if names else None


@guarded
def _put_back():
    """For scripts that look for their newest file by themselves."""
    restored = resume.restored(FRAMEWORK) if mirror.kept_dir() is not None else None
    if restored is not None:
        mirror.put_back(restored.path)


@guarded
def _begin(trainer, callback, args, kwargs):
    """Watches a fit and gives it its checkpoint; None for one that is not ours to watch."""
    global _resumed
    if mirror.kept_dir() is None or getattr(trainer, "_vaultlayer", None):
        return None
    if getattr(trainer, "fast_dev_run", False):
        return None  # a try of a few batches that saves nothing
    eye = callback(trainer, args, kwargs)
    if not _resumed:
        _resumed = True
        eye.resume(resume.restored(FRAMEWORK, looks_like))
    trainer.callbacks.append(eye)
    trainer._vaultlayer = eye
    return eye


class _Keeper(Keeper):
    """Holds a SIGTERM back until the save that it asks for was made.

    Lightning's own handler makes all ranks meet. Called between two of their other meetings, as a
    signal would, it could mix with those; after the save every rank is at the same place.
    """

    held = None

    def _signalled(self, number, frame):
        if self.held is not None or report.broken:
            self._pass_on(number, frame)
        else:
            self.held = number
            self._asking.signalled = True

    def pass_on(self):
        self._pass_on(self.held or 15, None)

    def _pass_on(self, number, frame):
        if callable(self._before):
            self._before(number, frame)
        else:
            self._die()


def _callback_class(base):
    """Of the framework's own base, which is there only once it is imported."""

    class VaultLayerCallback(base):
        def __init__(self, trainer, args, kwargs):
            self._trainer = trainer
            self.args, self.kwargs = args, kwargs
            version = report.versions("lightning", "pytorch-lightning")
            self._keeper = _Keeper(
                FRAMEWORK, version.get("lightning") or version.get("pytorch-lightning"),
                trainer.global_rank, trainer.world_size,
            )
            self._restored = self._random = None
            self._put_env = False
            self._begun = False
            self._asked = None
            self._step = -1
            self._loss, self._loss_read = None, 0.0
            self._kept_step = -1
            self._held_since = None
            self._epoch_random = None  # as it was before the epoch's loader was opened
            self._epoch_known = False
            self._sidecars = []
            self._staged = None  # where a save that was asked for is being made
            self._awaited = []  # saves that were begun and are not on disk yet

        # --- called by the patches ---

        def resume(self, restored):
            path = None if restored is None else _file_of(restored.path, restored.meta)
            if path is None or not os.path.exists(path):
                return
            if restored.meta.get("world") not in (None, self._trainer.world_size):
                report.say("step %d was saved by %s processes and is resumed by %d: the order of"
                           " the data changes" % (restored.step, restored.meta["world"],
                                                  self._trainer.world_size))
            self._restored = restored
            self._random = rng.read(restored.path, self._trainer.global_rank)
            if len(self.args) > _CKPT_PATH:
                self.args = self.args[:_CKPT_PATH] + (path,) + tuple(self.args[_CKPT_PATH + 1:])
            else:
                self.kwargs = dict(self.kwargs, ckpt_path=path)
            # Hyperparameters may be any object; the checkpoint is the job's own and was verified.
            given = self.kwargs.get("weights_only")
            if given is None and _NO_WEIGHTS_ONLY not in os.environ and (
                "TORCH_FORCE_WEIGHTS_ONLY_LOAD" not in os.environ
            ):
                os.environ[_NO_WEIGHTS_ONLY] = "1"
                self._put_env = True

        @guarded
        def save_begins(self):
            if self._begun:
                self._keeper.saving(self._trainer.global_step)

        @guarded
        def has_saved(self, filepath, weights_only):
            path = str(filepath)
            step = self._trainer.global_step
            if weights_only:
                report.say("save_weights_only=True: the script's own checkpoints hold no optimizer and"
                           " cannot be resumed from; they are not kept, only those that the agent"
                           " asks for are")
                return
            known = step == self._kept_step and self._staged is None
            if not self._begun or known or "://" in path:
                return  # last.ckpt is a second copy of the step; a bucket's path is not ours to link
            self._kept_step = step
            noted = {"file": os.path.basename(path), "epoch": self._trainer.current_epoch}
            request, staged, sources = None, None, []
            if self._staged is not None:
                request, staged = self._asked, self._staged
                rng.write_into(staged, self._trainer.global_rank, self._random_now())
                self._asked = self._staged = None
            else:
                sources = [Source(path)] + self._random_sources(step)
            save = (step, sources, request, staged, noted)
            self._awaited.append((path, save))
            self._arrived()

        def _arrived(self):
            """Saves that are on disk by now: asynchronous ones come later, by a rename."""
            waiting = []
            for path, save in self._awaited:
                if os.path.exists(path):
                    step, sources, request, staged, noted = save
                    self._keeper.saved(step, sources, request, staged, **noted)
                else:
                    waiting.append((path, save))
            self._awaited = waiting[-2:]

        @guarded
        def over(self):
            self._loaded()
            self._arrived()
            self._keeper.end()
            self._trainer._vaultlayer = None
            if self in self._trainer.callbacks:
                self._trainer.callbacks.remove(self)

        # --- called by the Trainer ---

        @guarded
        def on_fit_start(self, trainer, pl_module):
            if self._restored is not None and self._random is not None:
                rng.restore(self._random.get("epoch" if self._random.get("batches") else "now"))
            self._epoch_random = rng.states()
            self._epoch_known = True

        @guarded
        def on_train_start(self, trainer, pl_module):
            self._loaded()
            if self._begun:
                return
            self._begun = True
            self._step = trainer.global_step
            if self._restored is not None and self._random is not None:
                self._draw_again(self._random.get("batches") or 0)
            self._keeper.begin(trainer.global_step, self._restored, path=trainer.default_root_dir,
                               maxSteps=trainer.max_steps)

        @guarded
        def on_train_epoch_start(self, trainer, pl_module):
            if not self._epoch_known:
                self._epoch_random = rng.states()
            self._epoch_known = False

        def on_train_batch_end(self, trainer, pl_module, outputs, *args, **kwargs):
            step = trainer.global_step
            if step == self._step:
                return  # gradients are still being accumulated, and a save would lose them
            self._step = step
            self._stepped(step, outputs)
            if self._asked is not None:
                self._save(step)
            if self._keeper.held is not None:
                self._pass_on_in_time(step)

        @guarded
        def _stepped(self, step, outputs):
            loss = outputs.get("loss") if isinstance(outputs, dict) else outputs
            now = time.monotonic()
            if loss is not None and now - self._loss_read >= _LOSS_SECONDS:
                self._loss, self._loss_read = float(loss.detach()), now
            self._keeper.stepped(step, self._loss)
            if self._awaited:
                self._arrived()
            self._asked = self._keeper.due(step)

        # --- its own ---

        def _save(self, step):
            """Not guarded as a whole: a save is collective, and its faults are told by the keeper."""
            request = self._asked
            folder = os.path.join(mirror.staging(request), "checkpoint-%d" % step)
            try:
                self._staged = folder
                if self._trainer.is_global_zero:
                    os.makedirs(folder, exist_ok=True)
                self._trainer.save_checkpoint(os.path.join(folder, "lightning-%d.ckpt" % step))
            except Exception as error:
                self._asked = self._staged = None
                self._keeper.not_saved(step, "%s: %s" % (type(error).__name__, error), request)
                if self._trainer.is_global_zero:
                    shutil.rmtree(os.path.dirname(folder), ignore_errors=True)
            if request == BY_SIGNAL:
                self._keeper.pass_on()
                self._keeper.held = None

        @guarded
        def _pass_on_in_time(self, step):
            self._held_since = step if self._held_since is None else self._held_since
            if step - self._held_since >= _STEPS_BEFORE_SIGNAL_IS_PASSED_ON:
                self._keeper.pass_on()
                self._keeper.held = None

        def _random_now(self):
            batches = self._trainer.fit_loop.epoch_loop.batch_progress.current.ready
            if batches >= self._trainer.num_training_batches:
                batches = 0
            return {"epoch": self._epoch_random, "now": rng.states(), "batches": batches}

        def _random_sources(self, step):
            name = os.path.join(report.run_dir(), "rng-%d" % step)
            rng.write(name, self._trainer.global_rank, self._random_now())
            self._sidecars.append(name)
            for old in self._sidecars[:-2]:
                rng.remove(old, self._trainer.global_rank)
            del self._sidecars[:-2]
            return rng.sources(name, self._trainer.world_size)

        def _draw_again(self, batches):
            """The loader starts at its first item; bring it to where the checkpoint was made."""
            fetcher = self._trainer.fit_loop._data_fetcher
            if not batches or fetcher is None or type(fetcher).__name__ == "_DataLoaderIterDataFetcher":
                return
            loaders = self._trainer.fit_loop._combined_loader.flattened
            if all(hasattr(each, "load_state_dict") for each in loaders):
                return  # these have gone on by themselves
            for loader in loaders:
                for sampler in (getattr(loader, "sampler", None),
                                getattr(getattr(loader, "batch_sampler", None), "sampler", None)):
                    if hasattr(sampler, "set_epoch"):
                        sampler.set_epoch(self._trainer.current_epoch)
            for _ in range(batches):
                next(fetcher)
            fetcher.fetched -= batches  # the loop adds them itself
            rng.restore(self._random.get("now"))
            self._epoch_known = False

        def _loaded(self):
            if self._put_env:
                self._put_env = False
                os.environ.pop(_NO_WEIGHTS_ONLY, None)

    return VaultLayerCallback
