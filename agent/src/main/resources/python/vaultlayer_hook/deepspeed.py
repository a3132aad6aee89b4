"""DeepSpeed's own loops: `save_checkpoint`, `load_checkpoint`. Read with 0.19.6.

`save_checkpoint` ends with a barrier of all ranks, after `latest` was written: what it has returned
from is whole. (The appearance of `latest` proves nothing: since 0.7.5 it comes before the barrier.)
A checkpoint is its tag's directory, `latest` and `zero_to_fp32.py`; they go back to where they were,
so that the script's own `load_checkpoint` finds them.

It is not loaded by ourselves, and no save is asked for: where a loop goes on stands in the client
state, which is the script's. Under Trainer, Accelerate or Lightning those are told of instead.
"""

import functools
import os
import time

from vaultlayer_hook.loops import Loop, torch_rank
from vaultlayer_hook.mirror import Source
from vaultlayer_hook.report import guarded

FRAMEWORK = "deepspeed"

# Reading a loss waits for the GPU, so not at each step.
_LOSS_SECONDS = 1.0

_loop = Loop(FRAMEWORK, "deepspeed", "torch")


class _Seen:
    loss = None  # what backward() was given last
    told = None  # the last one that was read
    read_at = 0.0


_seen = _Seen()


def patch_engine(module):
    _loop.back()
    engine = module.DeepSpeedEngine
    original_save, original_load = engine.save_checkpoint, engine.load_checkpoint
    original_step = engine.step

    @functools.wraps(original_save)
    def save_checkpoint(self, save_dir, tag=None, *args, **kwargs):
        mine = _save_begins(self)
        result = original_save(self, save_dir, tag, *args, **kwargs)
        if mine:
            _saved(self, save_dir, tag)
        return result

    @functools.wraps(original_load)
    def load_checkpoint(self, load_dir, *args, **kwargs):
        result = original_load(self, load_dir, *args, **kwargs)
        _loaded(load_dir, result)
        return result

    @functools.wraps(original_step)
    def step(self, *args, **kwargs):
        result = original_step(self, *args, **kwargs)
        _stepped(self)
        return result

    original_backward = engine.backward

    @functools.wraps(original_backward)
    def backward(self, loss, *args, **kwargs):
        _seen.loss = loss
        return original_backward(self, loss, *args, **kwargs)

    engine.backward = backward
    engine.save_checkpoint, engine.load_checkpoint = save_checkpoint, load_checkpoint
    engine.step = step


PATCHES = {"deepspeed.runtime.engine": patch_engine}


@guarded
def _loaded(load_dir, result):
    if isinstance(result, tuple) and result and result[0] is not None:
        _loop.has_loaded(load_dir)


@guarded
def _stepped(engine):
    if _loop.mine():
        _loop.begin(*torch_rank())
        now, loss = time.monotonic(), _seen.loss
        if loss is not None and now - _seen.read_at >= _LOSS_SECONDS:
            _seen.told, _seen.read_at = float(loss.detach()), now
        _seen.loss = None  # it may hold a graph
        _loop.stepped(engine.global_steps, _seen.told)


@guarded
def _save_begins(engine):
    if not _loop.mine():
        return False
    _loop.begin(*torch_rank())
    _loop.saving(engine.global_steps)
    return True


@guarded
def _saved(engine, save_dir, tag):
    step = engine.global_steps
    tag = str(tag if tag is not None else "global_step%d" % step)
    sources = [Source(os.path.join(save_dir, tag))]
    for beside in ("latest", "zero_to_fp32.py"):  # written to again by the next save
        path = os.path.join(save_dir, beside)
        if os.path.isfile(path):
            sources.append(Source(path, copy=True))
    _loop.saved(step, sources, tag=tag)
