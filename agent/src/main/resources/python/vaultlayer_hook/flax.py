"""flax.training.checkpoints, with its own files or with Orbax behind it. Read with 0.12.8.

Both end a save with a rename to the path that `save_checkpoint` returns; asynchronous ones after it
has returned. `restore_checkpoint` and `latest_checkpoint` look into the directory, so the files only
have to be back, which they are when the module is imported. No save can be asked for: the state is
in the script's hands only.
"""

import functools
import os

from vaultlayer_hook.loops import Loop, jax_rank
from vaultlayer_hook.mirror import Source
from vaultlayer_hook.report import guarded

FRAMEWORK = "flax"

_loop = Loop(FRAMEWORK, "flax", "jax", "orbax-checkpoint")


def patch_checkpoints(module):
    _loop.back()
    for name in ("save_checkpoint", "save_checkpoint_multiprocess"):
        original = getattr(module, name, None)
        if original is not None:
            setattr(module, name, _saving(original))
    original_restore = module.restore_checkpoint

    @functools.wraps(original_restore)
    def restore_checkpoint(ckpt_dir, *args, **kwargs):
        result = original_restore(ckpt_dir, *args, **kwargs)
        _restored(ckpt_dir)
        return result

    module.restore_checkpoint = restore_checkpoint


PATCHES = {"flax.training.checkpoints": patch_checkpoints}


def _saving(original):
    @functools.wraps(original)
    def save(ckpt_dir, target, step, *args, **kwargs):
        _begins(step)
        path = original(ckpt_dir, target, step, *args, **kwargs)
        _saved(path, step)
        return path

    return save


@guarded
def _restored(ckpt_dir):
    _loop.has_loaded(ckpt_dir)


@guarded
def _begins(step):
    if _loop.mine():
        _loop.begin(jax_rank()[0], 1)
        _loop.saving(int(step))


@guarded
def _saved(path, step):
    # With several processes the first one commits, so what it has renamed is whole.
    if not _loop.mine() or _loop.keeper is None or _loop.keeper.rank != 0 or "://" in str(path):
        return
    path = os.path.abspath(os.fspath(path))
    sources = [Source(path)]
    if os.path.isdir(path + "_gda"):  # arrays of several processes, renamed before the rest
        sources.append(Source(path + "_gda"))
    _loop.saved_when_there(path, int(step), sources)
