"""What this attempt was restored from, and whether it is the running script's own.

Only the first training of a process is resumed: a script that trains twice starts its second
training itself.
"""

import os
import sys

from vaultlayer_hook import mirror, report


class Restored:
    """A restored checkpoint.

    path: the directory in the kept one · step: steps done · meta: what `mirror.keep` noted, {} for
    a checkpoint that the script itself saved into the kept directory
    """

    def __init__(self, path, step, meta):
        self.path, self.step, self.meta = path, step, meta


def script():
    """The running program, by a name that is the same on the next host."""
    main = sys.modules.get("__main__")
    path = getattr(main, "__file__", None) or (sys.argv[0] if sys.argv else "")
    path = os.path.abspath(path) if path else ""
    below = os.path.relpath(path, os.getcwd()) if path else ""
    return path if below.startswith(os.pardir) else below


def restored(framework, looks_like=None):
    """The checkpoint that this training is to go on from, or None on a fresh start.

    looks_like: a function of the path, asked where nothing was noted beside the checkpoint.
    """
    found = _found()
    if found is None:
        return None
    theirs = found.meta.get("framework")
    if theirs is None and looks_like is not None and looks_like(found.path):
        return found
    if theirs != framework:
        return None
    if found.meta.get("script") not in (None, script()):
        report.say(
            "%s was saved by %s; %s starts from its beginning"
            % (os.path.basename(found.path), found.meta["script"], script())
        )
        return None
    return found


def _found():
    path, step = os.environ.get("VAULTLAYER_RESUME_FROM"), os.environ.get("VAULTLAYER_RESUME_STEP")
    newest = _of_this_attempt()
    if newest is not None:
        return newest
    if not path or not os.path.exists(path):
        return None
    return Restored(path, int(step or 0), mirror.read_meta(path) or {})


def _of_this_attempt():
    """Workers that torchrun started again go on from what they have saved in this attempt."""
    if os.environ.get("TORCHELASTIC_RESTART_COUNT", "0") == "0" or mirror.kept_dir() is None:
        return None
    for step, path in reversed(mirror.mirrored()):
        meta = mirror.read_meta(path)
        if meta and meta.get("script") == script():
            return Restored(path, step, meta)
    return None
