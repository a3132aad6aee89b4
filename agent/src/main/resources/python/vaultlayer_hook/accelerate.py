"""Raw loops on Hugging Face Accelerate. Read with 1.15.

`Accelerator.save_state` says on each rank when its part is on disk, so what it saves is kept. There
is no safe place to load it by ourselves: the loop's counters are the script's. So the files go back
to where the script had them, before it looks, and a script that calls `load_state` by itself (with
`latest`, with automatic naming, or after a look at the directory) resumes. One that never does is
told so aloud. Saves are not asked for either: a script reads its place from its own names.
"""

import atexit
import functools
import os
import re

from vaultlayer_hook import keeper, mirror, report, resume
from vaultlayer_hook.keeper import Keeper
from vaultlayer_hook.mirror import Source
from vaultlayer_hook.report import guarded

FRAMEWORK = "accelerate"


class _Loop:
    """What this process knows of its loop."""

    def __init__(self):
        self.keeper = None
        self.steps = 0  # optimizer steps done, those before the restored save included
        self.optimizer = None  # of several, the first is counted
        self.restored = None
        self.put_back = []
        self.loaded = None  # what load_state has loaded


_loop = _Loop()


def patch_accelerator(module):
    _put_back()
    accelerator = module.Accelerator
    original_save, original_load = accelerator.save_state, accelerator.load_state

    @functools.wraps(original_save)
    def save_state(self, *args, **kwargs):
        save = _save_begins(self, args, kwargs)
        location = original_save(self, *args, **kwargs)
        if save is not None:
            _saved(self, location, save)
        return location

    @functools.wraps(original_load)
    def load_state(self, *args, **kwargs):
        result = original_load(self, *args, **kwargs)
        _loaded(self, args[0] if args else kwargs.get("input_dir"))
        return result

    accelerator.save_state, accelerator.load_state = save_state, load_state


def patch_optimizer(module):
    optimizer = module.AcceleratedOptimizer
    original = optimizer.step

    @functools.wraps(original)
    def step(self, *args, **kwargs):
        result = original(self, *args, **kwargs)
        _stepped(self)
        return result

    optimizer.step = step


PATCHES = {"accelerate.accelerator": patch_accelerator, "accelerate.optimizer": patch_optimizer}


def looks_like(path):
    return any(re.match(r"random_states_[0-9]+\.pkl\Z", name) for name in os.listdir(path))


@guarded
def _put_back():
    if mirror.kept_dir() is None:
        return
    _loop.restored = resume.restored(FRAMEWORK, looks_like)
    if _loop.restored is not None:
        _loop.put_back = mirror.put_back(_loop.restored.path)


@guarded
def _begin(accelerator_state):
    """A loop begins with its first step or save. A Trainer's is told of by the Trainer's adapter."""
    if _loop.keeper is not None or keeper.current is not None or mirror.kept_dir() is None:
        return
    found = report.versions("torch", "accelerate", "safetensors")
    _loop.keeper = Keeper(FRAMEWORK, found.get(FRAMEWORK), accelerator_state.process_index,
                          accelerator_state.num_processes, can_ask=False)
    if _loop.loaded is not None:
        _loop.steps = _loop.loaded.step
    _loop.keeper.begin(_loop.steps, _loop.loaded, versions=found)
    atexit.register(_loop.keeper.end)
    if _loop.restored is not None and _loop.loaded is None:
        report.say("%s was put back%s; this script has not loaded it. Add"
                   " accelerator.load_state(<that directory>) after prepare(), and go on from its"
                   " step" % (os.path.basename(_loop.restored.path),
                              " as " + ", ".join(_loop.put_back) if _loop.put_back else ""))


@guarded
def _stepped(optimizer):
    if keeper.current is not None and keeper.current is not _loop.keeper:
        return
    if not optimizer.gradient_state.sync_gradients or optimizer.step_was_skipped:
        return
    _begin(optimizer.accelerator_state)
    _loop.optimizer = _loop.optimizer or optimizer
    if optimizer is _loop.optimizer and _loop.keeper is not None:
        _loop.steps += 1
        _loop.keeper.stepped(_loop.steps)


@guarded
def _save_begins(accelerator, args, kwargs):
    """Makes room for the save; returns whether its files will be written to again."""
    if keeper.current is not None and keeper.current is not _loop.keeper:
        return None
    _begin(accelerator.state)
    if _loop.keeper is None:
        return None
    again = False
    if accelerator.project_configuration.automatic_checkpoint_naming:
        _number_on(accelerator)
    else:
        directory = os.fspath(args[0] if args else kwargs["output_dir"])
        named = re.search(r"[0-9]", os.path.basename(os.path.normpath(directory)))
        again = not named or os.path.isdir(directory) and bool(os.listdir(directory))
        if again and accelerator.process_index == 0 and _loop.keeper.last_step >= 0:
            mirror.unshare(_loop.keeper.last_step)
    _loop.keeper.saving(_step_of_save())
    return {"copy": again}


def _number_on(accelerator):
    """Automatic names count from 0 in each process, and a name that is taken is an error there."""
    configuration = accelerator.project_configuration
    if _loop.loaded is None:
        # Not resumed, so what was put back is in the way.
        for path in _loop.put_back:
            mirror.take_away(path)
        _loop.put_back = []
        return
    name = re.match(r"checkpoint_([0-9]+)\Z", os.path.basename(_loop.loaded.meta["from"]))
    if name and configuration.iteration <= int(name.group(1)):
        configuration.iteration = int(name.group(1)) + 1


def _step_of_save():
    """Optimizer steps, or a number that grows with each save of a loop whose steps are not seen."""
    return _loop.steps if _loop.optimizer is not None else max(
        _loop.keeper.last_step, _loop.loaded.step if _loop.loaded else 0
    ) + 1


@guarded
def _saved(accelerator, location, save):
    _loop.keeper.saved(_step_of_save(), [Source(location, "", save["copy"])])


@guarded
def _loaded(accelerator, directory):
    restored = _loop.restored
    if restored is None or _loop.loaded is not None:
        return
    automatic = directory is None
    directory = _loop.put_back[-1] if automatic and _loop.put_back else directory
    if directory is None:
        return
    directory = os.path.abspath(os.path.expanduser(os.fspath(directory)))
    if directory not in _loop.put_back and os.path.realpath(directory) != restored.path:
        return
    _loop.loaded = restored
    restored.meta["from"] = directory
