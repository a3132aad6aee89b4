"""torch.distributed.checkpoint: `save` and `async_save`. Read with torch 2.13.

`save` returns on each rank after the coordinator has renamed `.metadata` into place, so what it has
returned from is whole; of `async_save` the future says it. Loading is the script's own: the files go
back to where they were. The step is the last number in the directory's name (or its parent's); where
there is none the saves are numbered on. Under Trainer, Accelerate or Lightning those are told of
instead.
"""

import functools
import os
import re

from vaultlayer_hook.loops import Loop, torch_rank
from vaultlayer_hook.mirror import Source
from vaultlayer_hook.report import guarded

FRAMEWORK = "torch.distributed"

_loop = Loop(FRAMEWORK, "torch")
_COUNTED = re.compile(r"(?:checkpoint|ckpt|step|iteration|iter|epoch)[-_=]?([0-9]+)\Z")
_saved_to = set()
_parts = (None, [])  # the step last saved and its sources: some scripts save model and optimizer apart


def patch_saver(module):
    _loop.back()
    original_save, original_async = module.save, getattr(module, "async_save", None)

    @functools.wraps(original_save)
    def save(*args, **kwargs):
        begun = _begins(args, kwargs)
        result = original_save(*args, **kwargs)
        if begun is not None:
            _saved(*begun)
        return result

    module.save = save
    if original_async is None:
        return

    @functools.wraps(original_async)
    def async_save(*args, **kwargs):
        begun = _begins(args, kwargs)
        result = original_async(*args, **kwargs)
        if begun is not None:
            _saved_later(result, begun)
        return result

    module.async_save = async_save


def patch_loader(module):
    original = module.load

    @functools.wraps(original)
    def load(*args, **kwargs):
        result = original(*args, **kwargs)
        _loaded(args, kwargs)
        return result

    module.load = load


PATCHES = {
    "torch.distributed.checkpoint.state_dict_saver": patch_saver,
    "torch.distributed.checkpoint.state_dict_loader": patch_loader,
}


def _directory(kwargs, storage):
    """The local directory of a save or load, None where it is somewhere else."""
    place = kwargs.get("checkpoint_id")
    if place is None:
        place = getattr(kwargs.get(storage), "path", None)
    if place is None or "://" in str(place):
        return None
    return os.path.abspath(os.fspath(place))


def step_of(path):
    """The last number in a directory's name, else in its parent's where that says what it counts.

    None where there is no such number: a parent such as `run3` counts something else.
    """
    digits = re.findall(r"[0-9]+", os.path.basename(path))
    if not digits:
        digits = _COUNTED.findall(os.path.basename(os.path.dirname(path)))
    return int(digits[-1]) if digits and len(digits[-1]) <= 12 else None


@guarded
def _loaded(args, kwargs):
    path = _directory(kwargs, "storage_reader")
    if path is not None:
        _loop.has_loaded(path)


@guarded
def _begins(args, kwargs):
    path = _directory(kwargs, "storage_writer")
    if path is None or not _loop.mine() or kwargs.get("use_collectives") is False:
        return None  # without collectives nobody knows when the others are done
    _loop.begin(*torch_rank())
    named = step_of(path)
    again = named is None or path in _saved_to or os.path.isdir(path) and bool(os.listdir(path))
    step = _loop.next_number() if named is None or path in _saved_to else named
    _loop.saving(step)
    return step, path, again


@guarded
def _saved(step, path, again):
    global _parts
    before, sources = _parts
    if before != step:
        sources = []
    _saved_to.add(path)
    name = os.path.basename(path)
    sources = [each for each in sources if each.path != path] + [Source(path, name, copy=again)]
    _parts = (step, sources)
    _loop.saved(step, sources)


@guarded
def _saved_later(result, begun):
    future = getattr(result, "upload_completion", result)

    def done(finished):
        if finished.exception() is None:
            _saved(*begun)

    future.add_done_callback(done)
