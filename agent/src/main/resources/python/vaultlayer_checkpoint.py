"""Checkpoints for a plain training loop: three lines, safe against a kill at any moment.

    from vaultlayer_checkpoint import restore, checkpoint, CHECKPOINT_DIR

    start = restore(CHECKPOINT_DIR, model=model, optimizer=optimizer, scheduler=scheduler)
    for step in range(start, steps):
        ...
        if (step + 1) % 100 == 0:
            checkpoint(step=step + 1, model=model, optimizer=optimizer, scheduler=scheduler)

Steps are counted as done: `checkpoint(step=800)` means that 800 are done, `restore` then returns
800, and a zero-based loop goes on with index 800. On a fresh start it returns 0.

What can be given
    Anything with `state_dict` and `load_state_dict` (models, optimizers, schedulers, GradScaler),
    under any keyword; `random.Random`, `torch.Generator`, numpy generators; tensors and arrays;
    lists, dicts, sets of plain values. restore() changes each of them in place. What cannot be
    changed in place (a number, a string, a tuple) is saved by checkpoint() just as well and read
    back with `value("best_loss", default)` after restore(). A JAX pytree is saved like any value,
    and read back by `state = value("state", state)` after `start = restore(CHECKPOINT_DIR)`.
    DataParallel, DistributedDataParallel and torch.compile wrappers are looked through; of several
    ranks only rank 0 saves. Sharded models are refused: use torch.distributed.checkpoint.
    Random states of `random`, and of numpy and torch (CUDA as well) if the script has imported
    them, are saved and restored by themselves; of several ranks, rank 0 only.

How often
    checkpoint() saves whenever it is called, unless `every` says otherwise: a number of steps, or
    "auto" in a loop of short steps. "auto" saves the first time, then so seldom that saving takes
    at most a thirtieth of the time, and never more than once in ten seconds;
    VAULTLAYER_CHECKPOINT_EVERY (steps, or a duration such as 30s, 10m) says otherwise, and when
    the agent asks for a save there is one at the end of the step. `of`, the
    number of steps in all, has the last one saved too (save_last=False never). With `every` a save
    that fails is said on stderr, and the training goes on.

Loops over epochs
    `restore(..., unit="epoch")` returns the epochs done, and checkpoint(step=) takes them. What is
    shown and what names the directory is the number of steps that the optimizer has done, counted
    from its step().

    Inside an epoch, `for batch in batches(loader)` knows how far it is: after a restore it starts
    the pass again from the random states that it began with, passes over the batches that were
    done, and goes on with the states of the checkpoint. What the script itself sums up within an
    epoch is to be saved as a value. One loader at a time; not for one that draws from elsewhere.

On disk
    `checkpoint-<step>/` with the objects' files and `meta.json`; `torch.load` opens `model.pt`. It
    is written as `.tmp-checkpoint-<step>-<pid>`, flushed to disk and renamed: the name appears
    when it is whole, never before. The newest three are kept (`keep=`). A damaged checkpoint is an
    error, never a silent start at 0. Tensors and plain values are read by readers that cannot run
    code. What only a whole pickle can hold (a function in a scheduler's state) is saved as one,
    with a line on stderr, and meta.json says which: a directory in which others can write is to be
    trusted like code.

Outside a managed run
    VAULTLAYER_CHECKPOINT_DIR is not set there. If CHECKPOINT_DIR is set in the environment, or the
    script passes a directory of its own to restore(), checkpoints are kept and found there, as on
    an instance. Otherwise nothing is written: restore() returns 0, checkpoint() does nothing, and
    one line on stderr says so.
"""

import array
import atexit
import collections
import errno
import functools
import json
import math
import operator
import os
import pickle
import random
import re
import shutil
import sys
import time
import zlib

__all__ = [
    "CHECKPOINT_DIR", "CheckpointError", "batches", "checkpoint", "progress", "restore", "value",
]

FORMAT = "vaultlayer-checkpoint"
META = "meta.json"

# Every write of the progress file costs some 50 microseconds; a loop of short steps must not feel
# it, and the reader looks at most every two seconds.
PROGRESS_SECONDS = 0.2

# every="auto". Half the floor would send small models twice as often for five seconds less of lost
# work; with a share of a tenth instead of a thirtieth a training would feel its saves.
AUTO_SECONDS = 10.0
AUTO_SHARE = 30


class CheckpointError(RuntimeError):
    """A checkpoint that cannot be saved or restored; the message says which and what to do."""


class _NoDirectory(str):
    """The fallback of CHECKPOINT_DIR: a usable path, known to be nobody's choice."""


CHECKPOINT_DIR = (
    os.environ.get("VAULTLAYER_CHECKPOINT_DIR")
    or os.environ.get("CHECKPOINT_DIR")
    or _NoDirectory("./checkpoints")
)

_directory = None  # of the last restore()
_saved_here = set()  # directories into which this process has saved
_values = None  # what value() hands out; None before restore()
_said = set()
# The agent believes the file where there is one and reads no output then. A file that only changes
# with each checkpoint would hide the steps that the script prints in between.
_progress_used = False
_progress_pending = None
_progress_written = -math.inf
_progress_first = None  # the first step that this process told
_step_count = None  # the _StepCount of a loop over epochs; None where it is steps that it counts
_cadence = None  # of every="auto"
_pass = None  # the _Pass that batches() is in
_resumed_pass = None  # how far a pass was that the next batches() goes on with


# --- the public names ---------------------------------------------------------------------------


def restore(
    directory=None, *, model=None, optimizer=None, scheduler=None, unit="step", **objects
):
    """Restores the given objects in place and returns the number of steps done, 0 when fresh.

    With unit="epoch" that number is of epochs, and so is the step of every checkpoint(). Takes the checkpoint that the attempt was told to resume from (VAULTLAYER_RESUME_FROM) where it
    lies in `directory`, else the highest. Raises CheckpointError where one is there but cannot be
    used. All files are read and verified before the first object is changed.
    """
    global _directory, _values, _step_count, _cadence, _pass, _resumed_pass
    if unit not in ("step", "epoch"):
        raise CheckpointError("restore(unit=%r): it is \"step\" or \"epoch\"" % (unit,))
    place = _place(directory)
    _values = {}
    _step_count = _cadence = _pass = _resumed_pass = None
    if place is None:
        _directory = None
        _say("unmanaged", "no checkpoint directory is set (VAULTLAYER_CHECKPOINT_DIR or"
             " CHECKPOINT_DIR): starting at step 0, and nothing will be saved")
        return 0
    _directory = place
    targets = _named(model, optimizer, scheduler, objects)
    for name, target in targets.items():
        _check_target(name, target)
    _warn_if_not_kept(place)
    _clear_left_overs(place)
    chosen = _choose(place)
    if chosen is None:
        if unit == "epoch":
            _step_count = _StepCount(optimizer, 0)
        return 0
    step, path = chosen
    meta = _read_meta(path, step)
    if ("epochs" in meta) != (unit == "epoch"):
        raise CheckpointError(
            "resuming from %s: it was saved by a loop over %s; move it away to start without it"
            % (path, "epochs" if "epochs" in meta else "steps")
        )
    loaded = _load_all(path, meta, targets)
    for name, target in targets.items():
        try:
            _apply(name, target, loaded[name])
        except CheckpointError:
            raise
        except Exception as error:
            raise CheckpointError(
                "restoring %s from %s: %s" % (name, path, error)
            ) from error
    _values = {name: each for name, each in loaded.items() if name not in targets}
    _restore_random(path, meta)
    if "pass" in meta:
        _resumed_pass = (path, meta)
    if unit == "epoch":
        _step_count = _StepCount(optimizer, step)
        return meta["epochs"]
    return step


def checkpoint(
    step,
    *,
    model=None,
    optimizer=None,
    scheduler=None,
    save_path=None,
    loss=None,
    keep=3,
    every=None,
    of=None,
    save_last=True,
    **objects
):
    """Saves the given objects, `step` steps being done, and returns the path of the checkpoint.

    `save_path` is the directory where it differs from the one given to restore(). `loss` is
    recorded. `keep` is how many of the newest stay, at least 1. `every` is a number of steps or
    "auto", `of` the number of steps in all; save_last=False never saves that one, for a script that
    could not go on behind a loop of which no turn is left. Returns None where nothing is saved: outside a managed
    run, on ranks other than 0, and between the saves that `every` asks for.
    """
    step = _whole_number("step", step, 0)
    if every is not None and not _due(step, every, of, save_last, loss):
        return None
    keep = _whole_number("keep", keep, 1)
    named = _named(model, optimizer, scheduler, objects)
    if every is None:
        return _save(step, named, save_path, loss, keep)
    begun, path = time.monotonic(), None
    try:
        path = _save(step, named, save_path, loss, keep)
    except Exception as error:
        _say("failed", "%s; the training goes on without this checkpoint" % error)
    finally:
        if _cadence is not None:
            _cadence.saved(begun, step if path else None)
    return path


def _save(step, named, save_path, loss, keep):
    place = _place(save_path if save_path is not None else _directory)
    epochs = None
    if _step_count is not None:
        epochs, step = step, _step_count.at_epoch(step)
    if _progress_used:
        _report(step, loss, now=True)
    if place is None:
        _say("unmanaged", "no checkpoint directory is set (VAULTLAYER_CHECKPOINT_DIR or"
             " CHECKPOINT_DIR): nothing is saved")
        return None
    if _rank() != 0:
        return None
    _warn_if_not_kept(place)
    path = os.path.join(place, "checkpoint-%d" % step)
    packed = {name: _pack(name, each) for name, each in named.items()}
    position = {} if epochs is None else {"epochs": epochs}
    if _pass is not None:
        position["pass"] = {"batches": _pass.batches}
        packed.update(("pass-" + name, each) for name, each in _pass.states.items())
    try:
        os.makedirs(place, exist_ok=True)
        _write(place, path, step, loss, packed, position)
    except OSError as error:
        raise CheckpointError(
            "saving %s: %s; the checkpoints before it are untouched" % (path, error)
        ) from error
    _saved_here.add(place)
    _prune(place, step, keep)
    return path


def value(name, default=None):
    """What checkpoint() saved under `name`, or `default` on a fresh start; call it after restore().

    For what cannot be changed in place. For a JAX pytree `default` gives the structure, and the
    leaves come back on the devices that its leaves are on.
    """
    if _values is None:
        raise CheckpointError("value(%r): call restore() first" % name)
    if name not in _values:
        return default
    packed = _values[name]
    if packed["kind"] == "tensor":
        return packed["tree"].to(default.device) if _is_tensor(default) else packed["tree"]
    if packed["kind"] == "jax":
        return _jax_tree(name, default, packed["tree"])
    if packed["kind"] != "value":
        raise CheckpointError(
            "value(%r): it was saved from an object with a state of its own; give that object"
            " to restore()" % name
        )
    return packed["tree"]


def batches(loader):
    """The loader's batches; after a restore() first those that its checkpoint had not done.

    Exact where the loader draws from `random`, numpy and torch alone, whose states are saved.
    """
    global _pass, _resumed_pass
    resumed, _resumed_pass = _resumed_pass, None
    done = 0
    if resumed is not None:
        _restore_random(*resumed, prefix="pass-")
        done = resumed[1]["pass"]["batches"]
    this = _pass = _Pass(done)
    try:
        iterator = iter(loader)
        for _ in range(done):
            next(iterator, None)
        if resumed is not None:
            _restore_random(*resumed)
        for batch in iterator:
            this.batches += 1
            yield batch
        if resumed is None or this.batches > done:
            return
    finally:
        if _pass is this:
            _pass = None
    # The checkpoint was made at the end of its pass: this one is the next.
    _restore_random(*resumed)
    yield from batches(loader)


def progress(*, step, loss=None):
    """Tells the agent how far the training is: a small file, replaced at most five times a second.

    For scripts that do not print their steps. Does nothing where VAULTLAYER_PROGRESS_FILE is not
    set. Never raises for a full disk. A loss that is no finite number is written as "NaN",
    "Infinity" or "-Infinity".
    """
    global _progress_used
    _progress_used = True
    _report(step, loss, now=False)


# --- how often, and how far ---------------------------------------------------------------------


def _due(step, every, of, save_last, loss):
    """Whether checkpoint(every=) saves now; some two microseconds where it does not."""
    global _cadence, _progress_used
    if every != "auto":
        return save_last if step == of else step % _whole_number("every", every, 1) == 0
    if _cadence is None:
        _cadence = _Cadence(os.environ.get("VAULTLAYER_CHECKPOINT_EVERY", ""))
    if _step_count is None:
        _progress_used = True
        _report(step, loss, now=False)
    return save_last if step == of else _cadence.due(step)


class _Cadence:
    """When every="auto" saves."""

    UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}

    def __init__(self, asked):
        self.steps = self.seconds = None
        match = re.match(r"([0-9]{1,10})([smhd]?)\Z", asked)
        if match and match.group(2):
            self.seconds = int(match.group(1)) * self.UNITS[match.group(2)]
        elif match:
            self.steps = max(1, int(match.group(1)))
        elif asked:
            _say("every", "VAULTLAYER_CHECKPOINT_EVERY=%s is no number of steps and no duration"
                 % asked)
        self._next = self._look = -math.inf
        run = os.environ.get("VAULTLAYER_RUN_DIR")
        self._request = os.path.join(run, "save-now") if run else None
        self._seen = self._stamp()
        self._asked = None  # name of the request that the next save answers
        if _step_count is None and _directory is not None:  # an epoch's end is no answer
            _tell("found", framework="helper", asks=True)

    def due(self, step):
        now = time.monotonic()
        if now >= self._look:
            self._look = now + PROGRESS_SECONDS
            seen, self._seen = self._seen, self._stamp()
            if self._seen != seen and self._seen is not None:
                with open(self._request, encoding="ascii", errors="replace") as file:
                    self._asked = file.read(64).strip()
                return True  # the agent has asked: the machine is about to go, or it is time
        return step % self.steps == 0 if self.steps is not None else now >= self._next

    def _stamp(self):
        try:
            seen = os.stat(self._request) if self._request else None
        except OSError:
            return None
        return seen and (seen.st_mtime_ns, seen.st_ino)

    def saved(self, begun, step):
        """A save has ended; step is None where it failed or was none."""
        now = time.monotonic()
        if step is not None and _step_count is None:
            told = {"request": self._asked} if self._asked else {}
            _tell("saved", step=step, seconds=round(now - begun, 6), **told)
            self._asked = None
        seconds = self.seconds
        if seconds is None:
            seconds = max(AUTO_SECONDS, AUTO_SHARE * (now - begun))
        self._next = now + seconds


def _tell(event, **fields):
    """One line for the agent, as the import hook writes them; a full disk costs the line only."""
    run = os.environ.get("VAULTLAYER_RUN_DIR")
    if not run or _rank() != 0:
        return
    told = {"at": round(time.time(), 3), "event": event, "rank": 0, "pid": os.getpid()}
    told.update(fields)
    try:
        with open(os.path.join(run, "events.jsonl"), "ab", buffering=0) as file:
            file.write((json.dumps(told) + "\n").encode("ascii"))
    except OSError:
        pass


class _StepCount:
    """The steps of an optimizer, counted for a loop that itself counts epochs."""

    def __init__(self, optimizer, steps):
        self._steps = self._saved = steps
        if hasattr(optimizer, "register_step_post_hook"):
            optimizer.register_step_post_hook(lambda *_: self._one())
        elif hasattr(optimizer, "step"):  # before torch 2.0, and what is no torch optimizer
            self._wrap(optimizer)

    def _wrap(self, optimizer):
        wrapped = optimizer.step

        @functools.wraps(wrapped)  # with the marks that a scheduler has left on it
        def step(*args, **keywords):
            result = wrapped(*args, **keywords)
            self._one()
            return result

        try:
            optimizer.step = step
        except AttributeError:
            pass  # then epochs are all that is known

    def _one(self):
        global _progress_used
        self._steps += 1
        _progress_used = True
        _report(self._steps, None, now=False)

    def at_epoch(self, epochs):
        """Steps done, more than at the last checkpoint also where none could be counted."""
        self._steps = self._saved = max(self._steps, self._saved + 1, epochs)
        return self._steps


class _Pass:
    """How far batches() is in its loader, and the random states that the pass began with."""

    def __init__(self, batches):
        self.batches = batches
        self.states = _random_states()


# --- progress -----------------------------------------------------------------------------------


def _report(step, loss, now):
    global _progress_pending, _progress_written, _progress_first
    path = os.environ.get("VAULTLAYER_PROGRESS_FILE")
    if not path or _rank() != 0:
        return
    if _progress_first is None:
        _progress_first = step
    _progress_pending = (path, step, loss)
    if now or time.monotonic() - _progress_written >= PROGRESS_SECONDS:
        _progress_written = time.monotonic()
        _write_progress()


def _write_progress():
    global _progress_pending
    if _progress_pending is None:
        return
    path, step, loss = _progress_pending
    _progress_pending = None
    unfinished = "%s.%d.tmp" % (path, os.getpid())
    try:
        with open(unfinished, "w", encoding="ascii") as file:
            seen = {"step": operator.index(step), "loss": _number(loss), "at": time.time(),
                    "first": operator.index(_progress_first)}
            json.dump(seen, file)
        os.replace(unfinished, path)
    except OSError as error:
        _say("progress", "cannot write the progress file: %s" % error)


atexit.register(_write_progress)


def _number(loss):
    if loss is None:
        return None
    loss = float(loss.detach() if hasattr(loss, "detach") else loss)
    if math.isfinite(loss):
        return loss
    return "NaN" if math.isnan(loss) else "Infinity" if loss > 0 else "-Infinity"


# --- which directory, which checkpoint ----------------------------------------------------------


def _place(directory):
    if directory is None:
        directory = CHECKPOINT_DIR
    if isinstance(directory, _NoDirectory):
        return None
    return os.path.realpath(os.fspath(directory))


def _warn_if_not_kept(place):
    managed = os.environ.get("VAULTLAYER_CHECKPOINT_DIR")
    if managed and place != os.path.realpath(managed):
        _say("not kept " + place, "%s is not the directory that is kept when the instance is lost;"
             " that is %s" % (place, managed))


def _checkpoints(place):
    """(step, path), lowest step first."""
    found = []
    try:
        names = os.listdir(place)
    except FileNotFoundError:
        return found
    for name in names:
        match = re.match(r"checkpoint-([0-9]+)\Z", name)
        path = os.path.join(place, name)
        if match and os.path.isdir(path):
            found.append((int(match.group(1)), path))
    return sorted(found)


def _choose(place):
    found = _checkpoints(place)
    told = os.environ.get("VAULTLAYER_RESUME_FROM")
    if told and place not in _saved_here:
        told = os.path.realpath(told)
        match = re.match(r"checkpoint-([0-9]+)\Z", os.path.basename(told))
        if match and os.path.dirname(told) == place:
            step = int(match.group(1))
            if (step, told) in found:
                if found[-1][0] > step:
                    _say("newer", "resuming from %s as told; %s is left alone"
                         % (told, found[-1][1]))
                return step, told
            # A worker that was started again inside the same attempt finds the attempt's own,
            # newer checkpoints, and may find that they have pushed out the one it began from.
            if not found or found[-1][0] < step:
                raise CheckpointError("resuming from %s: it is not there" % told)
    if found:
        return found[-1]
    managed = os.environ.get("VAULTLAYER_CHECKPOINT_DIR")
    step = os.environ.get("VAULTLAYER_RESUME_STEP")
    if step not in (None, "", "0") and managed and place == os.path.realpath(managed):
        raise CheckpointError(
            "resuming at step %s: %s holds no checkpoint-<step> directory" % (step, place)
        )
    return None


def _clear_left_overs(place):
    """What killed processes left: half checkpoints go, one that was being replaced comes back."""
    if _rank() != 0:
        return
    try:
        names = os.listdir(place)
    except FileNotFoundError:
        return
    for name in names:
        match = re.match(r"\.tmp-(replaced-)?(checkpoint-[0-9]+)-([0-9]+)\Z", name)
        if not match or _alive(int(match.group(3))):
            continue
        path, final = os.path.join(place, name), os.path.join(place, match.group(2))
        if match.group(1) and not os.path.exists(final):
            os.rename(path, final)
        else:
            shutil.rmtree(path, ignore_errors=True)


def _alive(pid):
    if pid == os.getpid():
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _prune(place, step, keep):
    """Only older ones, and only ours: a checkpoint of another run or tool is not ours to delete."""
    older = [
        path
        for each, path in _checkpoints(place)
        if each < step and _is_ours(path)
    ]
    for path in older[: len(older) - (keep - 1)]:
        # The name goes first: a directory that is being emptied must not look like a checkpoint.
        doomed = os.path.join(place, ".tmp-%s-%d" % (os.path.basename(path), os.getpid()))
        try:
            os.rename(path, doomed)
        except OSError:
            continue
        shutil.rmtree(doomed, ignore_errors=True)


def _is_ours(path):
    try:
        return json.loads(_read(os.path.join(path, META))).get("format") == FORMAT
    except (OSError, ValueError, AttributeError):
        return False


# --- writing ------------------------------------------------------------------------------------


class _Measured:
    """A file that knows the size and CRC-32 of what went into it."""

    def __init__(self, file):
        self._file = file
        self.bytes = 0
        self.crc = 0

    def write(self, data):
        self.bytes += memoryview(data).nbytes
        self.crc = zlib.crc32(data, self.crc)
        return self._file.write(data)

    def flush(self):
        self._file.flush()


def _write(place, path, step, loss, packed, position):
    packed = dict(packed)
    packed.update(_random_states())
    name = os.path.basename(path)
    unfinished = os.path.join(place, ".tmp-%s-%d" % (name, os.getpid()))
    shutil.rmtree(unfinished, ignore_errors=True)
    os.mkdir(unfinished)
    try:
        objects = {
            each: {
                "kind": pack["kind"],
                "form": pack["form"],
                "files": _write_object(os.path.join(unfinished, each), pack),
            }
            for each, pack in packed.items()
        }
        meta = {
            "format": FORMAT,
            "version": 1,
            "step": step,
            "loss": _number(loss),
            "savedAt": time.time(),
            "objects": objects,
        }
        meta.update(position)
        with open(os.path.join(unfinished, META), "w", encoding="ascii") as file:
            json.dump(meta, file, indent=1)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        _sync_directory(unfinished)
        _publish(place, unfinished, path)
        _sync_directory(place)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def _write_object(stem, pack):
    """One file, or two in the mixed form: tensors where torch puts them, the rest around them."""
    form, tree = pack["form"], pack["tree"]
    if form in ("plain", "pickle"):
        return dict([_write_file(stem + ".pkl", lambda file: pickle.dump(tree, file, protocol=4))])
    torch = sys.modules["torch"]
    if form in ("tensors", "torch-pickle"):
        return dict([_write_file(stem + ".pt", lambda file: torch.save(tree, file))])
    tensors = []
    return dict([
        _write_file(stem + ".pkl", lambda file: _AroundTensors(file, tensors).dump(tree)),
        _write_file(stem + ".pt", lambda file: torch.save(tensors, file)),
    ])


def _write_file(path, write):
    with open(path, "wb") as file:
        measured = _Measured(file)
        write(measured)
        file.flush()
        os.fsync(file.fileno())
    return os.path.basename(path), {"bytes": measured.bytes, "crc32": measured.crc}


class _AroundTensors(pickle.Pickler):
    """Tensors go into the list, and only their places in it into the pickle."""

    def __init__(self, file, tensors):
        super().__init__(file, protocol=4)
        self._tensors = tensors
        self._places = {}

    def persistent_id(self, each):
        if not _is_tensor(each):
            return None
        if id(each) not in self._places:
            self._places[id(each)] = len(self._tensors)
            self._tensors.append(each.detach())
        return self._places[id(each)]


def _publish(place, unfinished, path):
    try:
        os.rename(unfinished, path)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        # The same step again. Killed between the renames, restore() puts the old one back.
        replaced = os.path.join(
            place, ".tmp-replaced-%s-%d" % (os.path.basename(path), os.getpid())
        )
        shutil.rmtree(replaced, ignore_errors=True)
        os.rename(path, replaced)
        os.rename(unfinished, path)
        shutil.rmtree(replaced, ignore_errors=True)


def _sync_directory(path):
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# --- reading ------------------------------------------------------------------------------------


def _read(path):
    with open(path, "rb") as file:
        return file.read()


def _read_meta(path, step):
    try:
        meta = json.loads(_read(os.path.join(path, META)))
    except FileNotFoundError:
        raise CheckpointError(
            "resuming from %s: it has no %s, so it was not saved by vaultlayer_checkpoint, or not"
            " whole; move it away to start without it" % (path, META)
        ) from None
    except (OSError, ValueError) as error:
        raise _damaged(path, "%s cannot be read: %s" % (META, error)) from error
    if not isinstance(meta, dict) or meta.get("format") != FORMAT or meta.get("step") != step:
        raise _damaged(path, "%s is not that of step %d" % (META, step))
    if meta.get("version") != 1:
        raise CheckpointError(
            "resuming from %s: its format is version %r, and this module reads version 1"
            % (path, meta.get("version"))
        )
    return meta


def _damaged(path, what):
    return CheckpointError(
        "resuming from %s: it is damaged: %s; move it away to resume from the one before it"
        % (path, what)
    )


def _load_all(path, meta, targets):
    """What was asked for, and every value that was not; nothing has been changed yet."""
    objects = meta["objects"]
    for name in targets:
        if name not in objects:
            names = sorted(each for each in objects if not each.startswith(("rng-", "pass-")))
            raise CheckpointError(
                "resuming from %s: it holds no %r; it has: %s"
                % (path, name, ", ".join(names) or "nothing")
            )
    loaded = {}
    for name, entry in objects.items():
        if name.startswith(("rng-", "pass-")):
            continue
        if name in targets:
            kind = _kind(name, targets[name])
            # What is no jax pytree yet may have been one when it was saved; _apply sorts it out.
            if entry["kind"] != kind and {entry["kind"], kind} != {"jax", "value"}:
                raise CheckpointError(
                    "resuming from %s: %r was saved as %s and is to be restored as %s"
                    % (path, name, entry["kind"], kind)
                )
        elif entry["kind"] not in ("value", "jax", "tensor"):
            _say("unused " + name, "%s also holds %r, which restore() was not given"
                 % (path, name))
            continue
        loaded[name] = {"kind": entry["kind"], "tree": _load(path, entry)}
    return loaded


def _load(path, entry):
    name = "?"
    try:
        for name, saved in entry["files"].items():
            _verify(path, name, saved)
        form, tensors = entry["form"], None
        for name in sorted(entry["files"], reverse=True):  # .pt before .pkl
            file = os.path.join(path, name)
            if name.endswith(".pt"):
                tensors = _load_torch(path, name, safe=form != "torch-pickle")
                continue
            with open(file, "rb") as stream:
                if form == "pickle":
                    return pickle.load(stream)
                return _PlainUnpickler(stream, tensors).load()
        return tensors
    except CheckpointError:
        raise
    except Exception as error:
        raise _damaged(path, "%s cannot be read: %s" % (name, error)) from error


def _verify(path, name, saved):
    crc = size = 0
    with open(os.path.join(path, name), "rb") as stream:
        while True:
            piece = stream.read(1 << 20)
            if not piece:
                break
            size += len(piece)
            crc = zlib.crc32(piece, crc)
    if size != saved["bytes"]:
        raise _damaged(path, "%s has %d bytes and was saved with %d" % (name, size, saved["bytes"]))
    if crc != saved["crc32"]:
        raise _damaged(path, "%s has another checksum than was saved" % name)


def _load_torch(path, name, safe):
    torch = sys.modules.get("torch")
    if torch is None:
        raise CheckpointError(
            "resuming from %s: %s holds tensors; import torch before restore()" % (path, name)
        )
    # To the CPU: load_state_dict and copy_ bring each tensor to where its place is now.
    return torch.load(os.path.join(path, name), map_location="cpu", weights_only=safe)


class _PlainUnpickler(pickle.Unpickler):
    """Reads values and arrays; whatever else a file asks for is refused, so it cannot run code."""

    def __init__(self, file, tensors):
        super().__init__(file)
        self._tensors = tensors

    def persistent_load(self, place):
        return self._tensors[place]

    def find_class(self, module, name):
        if name in _PLAIN_CLASSES.get(module, ()):
            return super().find_class(module, name)
        raise pickle.UnpicklingError("%s.%s is no plain value" % (module, name))


_NUMPY_NAMES = {"_reconstruct", "scalar", "_frombuffer", "ndarray", "dtype"}
_PLAIN_CLASSES = {
    "builtins": {
        "set", "frozenset", "complex", "bytearray", "range", "slice",
        "int", "float", "bool", "str", "bytes", "list", "tuple", "dict",
    },
    "collections": {"OrderedDict", "deque", "defaultdict", "Counter"},
    "array": {"array", "_array_reconstructor"},
    "_codecs": {"encode"},
    "numpy": {"ndarray", "dtype"},
    "numpy.core.multiarray": _NUMPY_NAMES,
    "numpy.core.numeric": _NUMPY_NAMES,
    "numpy._core.multiarray": _NUMPY_NAMES,
    "numpy._core.numeric": _NUMPY_NAMES,
    "torch": {"Size", "device"},
    "ml_dtypes": {
        "bfloat16", "float8_e3m4", "float8_e4m3", "float8_e4m3fn", "float8_e4m3fnuz",
        "float8_e4m3b11fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu",
        "int2", "int4", "uint2", "uint4",
    },
}


# --- objects: what to save, how to put it back --------------------------------------------------


def _named(model, optimizer, scheduler, objects):
    named = {"model": model, "optimizer": optimizer, "scheduler": scheduler}
    named = {name: each for name, each in named.items() if each is not None}
    named.update(objects)
    return named


def _unwrapped(target):
    """Below torch.compile and data parallel wrappers, whose state has other names."""
    while True:
        if hasattr(target, "_orig_mod"):
            target = target._orig_mod
        elif type(target).__name__ in ("DataParallel", "DistributedDataParallel"):
            target = target.module
        else:
            return target


def _kind(name, target):
    target = _unwrapped(target)
    if type(target).__name__ == "FullyShardedDataParallel":
        raise _sharded(name)
    if hasattr(target, "state_dict") and hasattr(target, "load_state_dict"):
        return "state_dict"
    if isinstance(target, random.Random):
        return "random"
    if hasattr(target, "get_state") and hasattr(target, "set_state"):
        return "generator"
    if hasattr(target, "bit_generator"):
        return "bit_generator"
    if _is_tensor(target):
        return "tensor"
    return "jax" if _has_jax_arrays(target) else "value"


def _sharded(name):
    return CheckpointError(
        "%r is a sharded model, of which this process holds a part only; save it with"
        " torch.distributed.checkpoint" % name
    )


def _check_target(name, target):
    """Said before the first step and not at the first loss."""
    if _kind(name, target) in ("value", "jax"):
        numpy = sys.modules.get("numpy")
        if numpy is not None and isinstance(target, numpy.ndarray):
            return
        if not isinstance(target, _MUTABLE):
            raise CheckpointError(
                "restore(%s=...): a %s cannot be changed in place; leave it out, and read it back"
                " with value(%r, default) after restore()" % (name, type(target).__name__, name)
            )


def _pack(name, target):
    kind = _kind(name, target)
    target = _unwrapped(target)
    if kind == "state_dict":
        tree = target.state_dict()
    elif kind == "random":
        tree = target.getstate()
    elif kind == "generator":
        tree = target.get_state()
    elif kind == "bit_generator":
        tree = target.bit_generator.state
    elif kind == "tensor":
        tree = target.detach()
    elif kind == "jax":
        tree = _jax_leaves(name, target)
    else:
        tree = target
    survey = _Survey(name, whole_objects=kind == "state_dict")
    survey.walk(tree, name)
    if survey.unsafe:
        _say("pickle " + name, "%s is saved with pickle; whoever can change that file can run code"
             " when it is restored" % survey.unsafe)
    return {"kind": kind, "tree": tree, "form": survey.form(tree)}


class _Survey:
    """Walks a tree once: does it hold tensors, and can it be read back without running code?"""

    PRIMITIVES = frozenset((type(None), bool, int, float, complex, str, bytes))
    FACTORIES = (None, int, float, str, list, dict, set, tuple)

    def __init__(self, name, whole_objects):
        self.name = name
        self.whole_objects = whole_objects
        self.torch = False
        self.unsafe = None  # where the first thing is that only a whole pickle can hold
        self._seen = set()

    def walk(self, tree, path):
        kind = type(tree)
        if kind in self.PRIMITIVES or id(tree) in self._seen:
            return
        self._seen.add(id(tree))
        if kind in (dict, collections.OrderedDict, collections.Counter, collections.defaultdict):
            self._walk_dict(tree, path)
        elif kind in (list, tuple, set, frozenset, collections.deque):
            if not self.PRIMITIVES.issuperset(map(type, tree)):
                for index, each in enumerate(tree):
                    self.walk(each, "%s[%d]" % (path, index))
        elif _is_tensor(tree):
            if kind.__name__ == "DTensor":
                raise _sharded(self.name)
            self.torch = True
            if kind.__name__ not in ("Tensor", "Parameter"):
                self.unsafe = self.unsafe or path
        elif not self._is_plain(tree, kind):
            if not self.whole_objects and hasattr(tree, "state_dict"):
                raise CheckpointError(
                    "%s has a state_dict() of its own: pass it as a keyword of its own" % path
                )
            self.unsafe = self.unsafe or path

    def form(self, tree):
        if self.unsafe:
            return "torch-pickle" if self.torch else "pickle"
        if not self.torch:
            return "plain"
        # A model's state: one file that anyone can open with torch.load. Not for more than that,
        # because torch's own safe reader knows few other values (1.13 does not know floats).
        if _is_tensor(tree) or type(tree) in (dict, collections.OrderedDict) and all(
            type(key) is str and _is_tensor(each) for key, each in tree.items()
        ):
            return "tensors"
        return "mixed"

    def _walk_dict(self, tree, path):
        for key, each in tree.items():
            self.walk(key, path)
            self.walk(each, "%s[%r]" % (path, key))
        if getattr(tree, "default_factory", None) not in self.FACTORIES:
            self.unsafe = self.unsafe or path

    @staticmethod
    def _is_plain(tree, kind):
        numpy = sys.modules.get("numpy")
        if numpy is not None and isinstance(tree, (numpy.ndarray, numpy.generic)):
            return kind.__module__ == "numpy" and not tree.dtype.hasobject
        if kind.__module__ == "torch" and kind.__name__ in ("Size", "device"):
            return True
        return kind in (bytearray, range, array.array)


_MUTABLE = (list, dict, set, bytearray, collections.deque, array.array)


def _apply(name, target, packed):
    target, tree, kind = _unwrapped(target), packed["tree"], packed["kind"]
    if kind == "state_dict":
        target.load_state_dict(tree)
    elif kind == "random":
        target.setstate(tree)
    elif kind == "generator":
        target.set_state(tree)
    elif kind == "bit_generator":
        target.bit_generator.state = tree
    elif kind == "tensor":
        if target.shape != tree.shape:
            raise ValueError("its shape is %s and was %s"
                             % (tuple(target.shape), tuple(tree.shape)))
        with sys.modules["torch"].no_grad():
            target.copy_(tree)
    else:
        if kind == "jax":
            tree = _jax_tree(name, target, tree)
        _fill(target, tree)


def _fill(target, tree):
    """Makes `target` equal to `tree` and keeps its identity, and that of containers inside it."""
    if isinstance(target, dict) and isinstance(tree, dict):
        merged = {key: _merged(target.get(key), each) for key, each in tree.items()}
        target.clear()
        target.update(merged)
    elif isinstance(target, list) and isinstance(tree, list):
        old = target + [None] * len(tree)
        target[:] = [_merged(before, each) for before, each in zip(old, tree)]
    elif isinstance(target, collections.deque) and isinstance(tree, collections.deque):
        if target.maxlen != tree.maxlen:
            raise ValueError("its maxlen is %s and was %s" % (target.maxlen, tree.maxlen))
        target.clear()
        target.extend(tree)
    elif isinstance(target, set) and isinstance(tree, set):
        target.clear()
        target.update(tree)
    elif type(target) is not type(tree):
        raise ValueError("it is a %s and was a %s" % (type(target).__name__, type(tree).__name__))
    elif hasattr(target, "dtype"):
        if target.shape != tree.shape or target.dtype != tree.dtype:
            raise ValueError("it is %s of %s and was %s of %s"
                             % (target.shape, target.dtype, tree.shape, tree.dtype))
        target[...] = tree
    else:
        target[:] = tree


def _merged(old, new):
    if type(old) is type(new) and type(new) in (list, dict):
        _fill(old, new)
        return old
    return new


def _is_tensor(target):
    torch = sys.modules.get("torch")
    return torch is not None and hasattr(torch, "Tensor") and isinstance(target, torch.Tensor)


# --- JAX ----------------------------------------------------------------------------------------


def _jax():
    jax = sys.modules.get("jax")
    return jax if jax is not None and hasattr(jax, "tree_util") and hasattr(jax, "Array") else None


def _has_jax_arrays(target):
    jax = _jax()
    if jax is None:
        return False
    return any(isinstance(leaf, jax.Array) for leaf in jax.tree_util.tree_leaves(target))


def _jax_leaves(name, target):
    jax, numpy = _jax(), sys.modules["numpy"]
    leaves, structure = jax.tree_util.tree_flatten(target)
    plain = []
    for leaf in leaves:
        if isinstance(leaf, jax.Array):
            if jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key):
                raise CheckpointError(
                    "%r holds a random key: save jax.random.key_data(key), and make it a key again"
                    " with jax.random.wrap_key_data" % name
                )
            if not leaf.is_fully_addressable:
                raise _sharded(name)
            leaf = numpy.asarray(leaf)
        plain.append(leaf)
    return {"structure": str(structure), "leaves": plain}


def _jax_tree(name, like, saved):
    jax = _jax()
    if jax is None:
        raise CheckpointError("%r is a JAX pytree: import jax before restoring it" % name)
    leaves, structure = jax.tree_util.tree_flatten(like)
    if str(structure) != saved["structure"]:
        raise CheckpointError(
            "%r has another structure than was saved; give a pytree like it, value(%r, state)."
            " Saved: %s. Given: %s" % (name, name, saved["structure"], structure)
        )
    restored = []
    for before, leaf in zip(leaves, saved["leaves"]):
        if isinstance(before, jax.Array):
            if before.shape != leaf.shape or before.dtype != leaf.dtype:
                raise CheckpointError(
                    "%r: a leaf is %s of %s and was %s of %s"
                    % (name, before.shape, before.dtype, leaf.shape, leaf.dtype)
                )
            leaf = jax.device_put(leaf, before.sharding)
        restored.append(leaf)
    return jax.tree_util.tree_unflatten(structure, restored)


# --- random states ------------------------------------------------------------------------------


def _random_states():
    states = {"rng-python": random.getstate()}
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None and hasattr(numpy, "random"):
        states["rng-numpy"] = numpy.random.get_state()
    if torch is not None and hasattr(torch, "get_rng_state"):
        states["rng-torch"] = torch.get_rng_state()
        if torch.cuda.is_available() and torch.cuda.is_initialized():
            states["rng-cuda"] = torch.cuda.get_rng_state_all()
    forms = {"rng-torch": "tensors", "rng-cuda": "mixed"}
    return {
        name: {"kind": "rng", "tree": tree, "form": forms.get(name, "plain")}
        for name, tree in states.items()
    }


def _restore_random(path, meta, prefix=""):
    """The states of the checkpoint; with the prefix those that its pass over the data began with."""
    if _rank() != 0:
        return
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    modules = {"rng-numpy": numpy, "rng-torch": torch, "rng-cuda": torch}
    for name, entry in meta["objects"].items():
        if entry["kind"] != "rng" or not name.startswith(prefix + "rng-"):
            continue
        name = name[len(prefix):]
        if name in modules and modules[name] is None:
            _say(name, "%s holds the random state of %s, which is not imported; import it before"
                 " restore()" % (path, name[4:]))
            continue
        tree = _load(path, entry)
        if name == "rng-python":
            random.setstate(tree)
        elif name == "rng-numpy":
            numpy.random.set_state(tree)
        elif name == "rng-torch":
            torch.set_rng_state(tree)
        elif name == "rng-cuda":
            count = torch.cuda.device_count() if torch.cuda.is_available() else 0
            if count != len(tree):
                _say(name, "%s holds the random states of %d GPUs, and there are %d here"
                     % (path, len(tree), count))
            for device, state in list(enumerate(tree))[:count]:
                torch.cuda.set_rng_state(state, device)


# --- small things -------------------------------------------------------------------------------


def _rank():
    try:
        return int(os.environ.get("RANK") or 0)
    except ValueError:
        return 0


def _whole_number(name, given, least):
    try:
        number = operator.index(given)
    except TypeError:
        raise CheckpointError("%s=%r is not a whole number" % (name, given)) from None
    if isinstance(given, bool) or number < least:
        raise CheckpointError("%s=%r: at least %d" % (name, given, least))
    return number


def _say(key, text):
    if key not in _said:
        _said.add(key)
        print("vaultlayer_checkpoint: " + text, file=sys.stderr, flush=True)
