"""Makes finished checkpoints of a script appear in the kept directory, and puts restored ones back.

`keep` links the files of a complete checkpoint into `checkpoint-<step>` of the kept directory, by
way of a hidden sibling and a rename, which is how the agent knows it is whole. Linking costs no
bytes and no time, and a rotation in the script's own directory cannot tear what is linked. Beside
the script's files lies `vaultlayer_hook.json`: whose checkpoint it is and where its files were.
"""

import errno
import json
import os
import re
import shutil
import time

META = "vaultlayer_hook.json"

# The agent links what it finds within a second; the one before the newest stays for a worker that
# starts again while the newest is being written. Each costs disk once the script has rotated it.
KEPT = 2

_HIDDEN = ".vaultlayer-"
_NO_LINKS = (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EACCES, errno.ENOTSUP, errno.ENOSYS)
_FICLONE = 0x40049409


class Source:
    """A file or directory of a checkpoint.

    name: where it goes inside the mirrored directory; "" puts a directory's content straight there.
    copy: for what the framework will write to again under this name; a link would follow.
    back: whether `put_back` is to put it among the script's files again.
    """

    def __init__(self, path, name=None, copy=False, back=True):
        self.path = os.path.abspath(os.fspath(path))
        self.name = os.path.basename(self.path) if name is None else name
        self.copy = copy
        self.back = back


def kept_dir():
    """The directory that is kept, or None outside an attempt."""
    place = os.environ.get("VAULTLAYER_CHECKPOINT_DIR")
    return os.path.realpath(place) if place else None


def is_kept(path):
    """True for an entry of the kept directory itself: nothing is to be mirrored then."""
    return os.path.dirname(os.path.realpath(path)) == kept_dir()


def keep(step, sources, meta):
    """Mirrors a complete checkpoint and returns its path. Raises OSError where the disk refuses.

    Call it when every rank's part of it is on disk, on one rank.
    """
    place = kept_dir()
    os.makedirs(place, exist_ok=True)
    unfinished = os.path.join(place, "%skeep-%d-%d" % (_HIDDEN, step, os.getpid()))
    shutil.rmtree(unfinished, ignore_errors=True)
    os.mkdir(unfinished)
    try:
        return publish(step, unfinished, meta, sources)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def publish(step, unfinished, meta, sources=()):
    """Gives a directory inside the kept one its final name, and drops older mirrored ones.

    sources are taken into it before that.
    """
    place = kept_dir()
    for source in sources:
        _take(source, os.path.join(unfinished, source.name))
    meta = dict(meta, step=step, savedAt=time.time(), sources=[
        {"path": _portable(each.path), "name": each.name, "copy": each.copy}
        for each in sources if each.back
    ])
    with open(os.path.join(unfinished, META), "w", encoding="ascii") as file:
        json.dump(meta, file, indent=1)
        file.write("\n")
    # Before the rename: removing another name of a file that is linked here touches it, and what
    # was touched after the rename does not look renamed.
    _prune(place, step)
    final = os.path.join(place, "checkpoint-%d" % step)
    if os.path.exists(final):
        _drop(final)
    # A rename within one tick of the clock after the last entry was made is not seen as one; an
    # older modification time, which is the script's own directory's, makes it plain.
    earlier = min([time.time() - 1] + [os.stat(each.path).st_mtime for each in sources])
    os.utime(unfinished, (earlier, earlier))
    os.rename(unfinished, final)
    return final


def staging(request):
    """A hidden directory inside the kept one, for a save that the script knows nothing of."""
    return os.path.join(kept_dir(), "%ssaving-%s" % (_HIDDEN, request))


def read_meta(path):
    """What `keep` noted beside a checkpoint; None where it did not make it."""
    try:
        with open(os.path.join(path, META), encoding="ascii") as file:
            meta = json.load(file)
        return meta if isinstance(meta, dict) else None
    except (OSError, ValueError):
        return None


def mirrored(place=None):
    """(step, path) of the mirrored checkpoints, lowest step first."""
    place = kept_dir() if place is None else place
    found = []
    for name in os.listdir(place):
        match = re.match(r"checkpoint-([0-9]+)\Z", name)
        path = os.path.join(place, name)
        if match and os.path.isfile(os.path.join(path, META)):
            found.append((int(match.group(1)), path))
    return sorted(found)


def put_back(path):
    """Puts a mirrored checkpoint's files where the script had them, unless something is there.

    Returns the paths that are there afterwards. Safe when several ranks do it at once.
    """
    meta = read_meta(path)
    back = []
    for each in (meta or {}).get("sources", []):
        there = os.path.abspath(each["path"])
        here = os.path.join(path, each["name"]) if each["name"] else path
        if not os.path.lexists(there):
            parent, name = os.path.split(there)
            os.makedirs(parent, exist_ok=True)
            unfinished = os.path.join(parent, "%sback-%s-%d" % (_HIDDEN, name, os.getpid()))
            try:
                _take(Source(here, "", each.get("copy")), unfinished)
                shutil.copystat(here, unfinished)
                os.rename(unfinished, there)
            except OSError:
                if not os.path.lexists(there):  # else another rank was quicker
                    raise
            finally:
                _remove(unfinished)
        back.append(there)
    return back


def take_away(path):
    """Removes what `put_back` has put there."""
    _drop(path)


def unshare(step):
    """Gives a mirrored checkpoint files of its own: its step is about to be saved again.

    Most frameworks write in place then, and what is linked would change with it.
    """
    for parent, _, names in os.walk(os.path.join(kept_dir(), "checkpoint-%d" % step)):
        for name in names:
            path = os.path.join(parent, name)
            if name != META and os.stat(path).st_nlink > 1:
                own = os.path.join(parent, _HIDDEN + name)
                _copy(path, own)
                os.replace(own, path)


def _portable(path):
    """Relative to the work directory where it lies there: the next host has another one."""
    below = os.path.relpath(path, os.getcwd())
    return path if below.startswith(os.pardir) else below


def _take(source, to):
    """Links or copies a tree. Links in it are followed, as a reader would."""
    if not os.path.isdir(source.path):
        os.makedirs(os.path.dirname(to), exist_ok=True)
        _file(source.path, to, source.copy)
        return
    os.makedirs(to, exist_ok=True)
    for entry in os.scandir(source.path):
        if source.name == "" and entry.name == META:
            continue
        _take(Source(entry.path, entry.name, source.copy), os.path.join(to, entry.name))


def _file(path, to, copy):
    if not copy:
        try:
            os.link(os.path.realpath(path), to)
            return
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
    _copy(path, to)


def _copy(path, to):
    with open(path, "rb") as source, open(to, "wb") as target:
        try:
            import fcntl

            fcntl.ioctl(target.fileno(), _FICLONE, source.fileno())
        except (ImportError, OSError):
            shutil.copyfileobj(source, target, 1 << 20)
    shutil.copystat(path, to)


def _prune(place, newest):
    older = [path for step, path in mirrored(place) if step < newest]
    for path in older[: max(0, len(older) - (KEPT - 1))]:
        _drop(path)


def _drop(path):
    """The name goes first: what is being emptied must not look like a checkpoint."""
    parent, name = os.path.split(path)
    doomed = os.path.join(parent, "%sdrop-%s-%d" % (_HIDDEN, name, os.getpid()))
    try:
        os.rename(path, doomed)
    except FileNotFoundError:
        return
    shutil.rmtree(doomed, ignore_errors=True)


def _remove(path):
    if os.path.isdir(path):
        shutil.rmtree(path, ignore_errors=True)
    elif os.path.lexists(path):
        os.unlink(path)
