"""What the adapters for loops that are the script's own have in common.

Such a loop loads its checkpoint itself, so the restored files go back to where the script had them
when its framework is imported, before the script looks. Nothing tells when the loop begins or ends:
it begins with its first step or save, and ends with the process.
"""

import atexit
import os
import sys
import threading
import time

from vaultlayer_hook import keeper, mirror, report, resume
from vaultlayer_hook.keeper import Keeper
from vaultlayer_hook.report import guarded

# A save that goes on in the background: longer ones are told by the next save, or not at all.
_BACKGROUND_SECONDS = 1800.0
_LOOK_SECONDS = 0.05


class Loop:
    """One framework's loop in this process. Its methods may be called from several threads."""

    def __init__(self, framework, *distributions, can_ask=False):
        self.framework, self.can_ask = framework, can_ask
        self._distributions = distributions
        self.keeper = None
        self.restored = None
        self.put_back = []
        self.loaded = False  # the script has loaded what was restored
        self._lock = threading.RLock()

    @guarded
    def back(self):
        """Puts the restored files back; for when the framework has just been imported."""
        if mirror.kept_dir() is None:
            return
        self.restored = resume.restored(self.framework)
        if self.restored is not None:
            self.put_back = mirror.put_back(self.restored.path)

    def has_loaded(self, path):
        """The script loaded from there, or from a directory below it."""
        if self.restored is None:
            return
        path = os.path.abspath(os.fspath(path))
        places = self.put_back + [self.restored.path]
        if any(each == path or os.path.dirname(each) == path or path.startswith(each + os.sep)
               for each in places):
            self.loaded = True

    def mine(self):
        """False where nothing is kept, or a framework above this one keeps its own checkpoints."""
        if self.keeper is not None:
            return keeper.current is self.keeper and not report.broken
        return keeper.current is None and mirror.kept_dir() is not None and not report.broken

    def begin(self, rank=0, world=1, step=0):
        """Once, before the first step or save. step: done before it, as far as one can know."""
        with self._lock:
            if self.keeper is not None:
                return
            found = report.versions(*self._distributions)
            made = Keeper(self.framework, found.get(self._distributions[0]), rank, world,
                          can_ask=self.can_ask)
            if self.loaded:
                step = self.restored.step
            made.begin(step, self.restored if self.loaded else None, versions=found)
            self.keeper = made
            atexit.register(made.end)

    def stepped(self, step, loss=None):
        with self._lock:
            self.keeper.stepped(step, loss)

    def due(self, step):
        with self._lock:
            return self.keeper.due(step)

    def saving(self, step):
        with self._lock:
            self.keeper.saving(step)

    def saved(self, step, sources, request=None, **meta):
        with self._lock:
            self.keeper.saved(step, sources, request, **meta)

    def saved_when_there(self, path, step, sources, **meta):
        """Of a save that goes on in the background and ends with a rename to `path`."""
        if os.path.lexists(path):
            self.saved(step, sources, **meta)
            return
        threading.Thread(
            target=self._wait_for, args=(path, step, sources, meta), name="vaultlayer-save",
            daemon=True,
        ).start()

    @guarded
    def _wait_for(self, path, step, sources, meta):
        end = time.monotonic() + _BACKGROUND_SECONDS
        while time.monotonic() < end:
            if os.path.lexists(path):
                self.saved(step, sources, **meta)
                return
            time.sleep(_LOOK_SECONDS)

    def next_number(self):
        """For saves whose names tell no step: one more than the newest."""
        newest = self.keeper.last_step if self.keeper is not None else -1
        return max(newest, self.restored.step if self.restored is not None else 0) + 1


def torch_rank():
    """(rank, world) of torch's default process group; (0, 1) without one."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.distributed.is_available() or (
        not torch.distributed.is_initialized()
    ):
        return 0, 1
    return torch.distributed.get_rank(), torch.distributed.get_world_size()


def jax_rank():
    """(process, processes) of JAX, as its user has set it up; (0, 1) without it."""
    jax = sys.modules.get("jax")
    return (0, 1) if jax is None else (jax.process_index(), jax.process_count())
