"""Orbax's CheckpointManager. Read with 0.12.4.

A step's directory gets its name by a rename when it is whole, in `_finalize`, which runs in a
thread of its own for asynchronous saves. The usual idiom asks `latest_step()` and restores it, so
the directory only has to be back before the manager lists; it is, when Orbax is imported.

A loop that offers every step to `save` or `should_save` can be asked for one: `should_save` then
says yes. Steps are the script's own numbers. Multi-process JAX: process 0 tells, no saves are asked.
"""

import functools
import os

from vaultlayer_hook import report
from vaultlayer_hook.loops import Loop, jax_rank
from vaultlayer_hook.mirror import Source
from vaultlayer_hook.report import guarded

FRAMEWORK = "orbax"

_loop = Loop(FRAMEWORK, "orbax-checkpoint", "jax", can_ask=True)
_request = None  # (name, step) of a save that was asked for and not yet made
_manager = None  # of several, the first that saves is kept


def patch_manager(module):
    _loop.back()
    manager = module.CheckpointManager
    originals = {name: getattr(manager, name) for name in
                 ("should_save", "save", "restore", "_finalize")}

    @functools.wraps(originals["should_save"])
    def should_save(self, step, *args, **kwargs):
        wanted = originals["should_save"](self, step, *args, **kwargs)
        if not wanted and _is_asked(self, step):
            wanted = True
        if wanted:
            _begins(self, step)
        return wanted

    @functools.wraps(originals["save"])
    def save(self, step, *args, **kwargs):
        _offered(self, step)
        done = originals["save"](self, step, *args, **kwargs)
        if done and _request is not None and _request[1] == step:
            self.wait_until_finished()
            _answer(self, step)
        return done

    @functools.wraps(originals["restore"])
    def restore(self, step, *args, **kwargs):
        result = originals["restore"](self, step, *args, **kwargs)
        _restored(self)
        return result

    @functools.wraps(originals["_finalize"])
    def _finalize(self, step, *args, **kwargs):
        result = originals["_finalize"](self, step, *args, **kwargs)
        _finished(self, step)
        return result

    manager.should_save, manager.save, manager.restore = should_save, save, restore
    manager._finalize = _finalize


PATCHES = {"orbax.checkpoint.checkpoint_manager": patch_manager}


def _mine(manager):
    global _manager
    if not _loop.mine():
        return False
    if _manager is None:
        rank, world = jax_rank()
        # What is finalized is so for all processes, so that process 0 needs no word of the others.
        _loop.can_ask = world == 1
        _loop.begin(rank, 1)
        _manager = manager
    return _manager is manager and _loop.keeper.rank == 0


@guarded
def _offered(manager, step):
    """The script has come to this step."""
    global _request
    if not _mine(manager):
        return
    if _request is None:
        asked = _loop.due(int(step))
        _request = None if asked is None else (asked, None)


@guarded
def _begins(manager, step):
    if _mine(manager):
        _loop.saving(int(step))


@guarded
def _is_asked(manager, step):
    global _request
    _offered(manager, step)
    if not _mine(manager) or _request is None:
        return False
    latest = manager.latest_step()
    if latest is not None and latest >= step:
        return False  # Orbax refuses steps that are not newer; the next one will do
    _request = (_request[0], step)
    return True


@guarded
def _restored(manager):
    _loop.has_loaded(str(manager.directory))


@guarded
def _finished(manager, step):
    if not _mine(manager) or _request is not None and _request[1] == step:
        return
    path = _path(manager, step)
    if path is not None:
        _loop.saved(int(step), [Source(path)])


@guarded
def _answer(manager, step):
    global _request
    asked, _request = _request[0], None
    path = _path(manager, step)
    if path is None:
        _loop.keeper.not_saved(int(step), "Orbax has not finished it", asked)
    else:
        _loop.saved(int(step), [Source(path)], asked)


def _path(manager, step):
    """The finished directory of a step on this machine, else None."""
    root = str(manager.directory)
    if "://" in root:
        report.say("checkpoints in %s are not kept: they are in a bucket already" % root)
        return None
    try:
        path = str(manager._get_save_directory(step, manager.directory))
    except Exception:  # older and newer ones may call it otherwise
        path = os.path.join(root, str(step))
    return path if os.path.isdir(path) else None
