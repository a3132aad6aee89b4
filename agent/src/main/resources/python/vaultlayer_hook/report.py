"""What the hook tells: events to the agent, lines to people, steps to the progress file.

`events.jsonl` in VAULTLAYER_RUN_DIR: one JSON object a line, `at` (seconds since 1970), `event`,
`rank`, `pid`, and what the event adds. `docs/hook.md` lists them. Every line is one write, so that
several ranks can write at once; past 4 MiB the file takes no more.
"""

import functools
import json
import os
import sys
import time
import traceback

MOST_BYTES = 4 << 20
MOST_TEXT = 600

broken = False  # after the first failure the hook does nothing more

_said = set()
_rank = None


def run_dir():
    """The attempt's directory for the hook, or None outside an attempt."""
    return os.environ.get("VAULTLAYER_RUN_DIR") or None


def rank():
    if _rank is not None:
        return _rank
    try:
        return int(os.environ.get("RANK") or 0)
    except ValueError:
        return 0


def set_rank(number):
    """Told by a framework, which knows better than the environment."""
    global _rank
    _rank = number


def event(name, **fields):
    """Appends one event; values of None are left out, long texts are cut. Never raises."""
    directory = run_dir()
    if directory is None:
        return
    told = {"at": round(time.time(), 3), "event": name, "rank": rank(), "pid": os.getpid()}
    for key, value in fields.items():
        if isinstance(value, str) and len(value) > MOST_TEXT:
            value = value[:MOST_TEXT] + "..."
        if value is not None:
            told[key] = value
    try:
        line = (json.dumps(told, default=str) + "\n").encode("ascii")
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
        handle = os.open(os.path.join(directory, "events.jsonl"), flags, 0o644)
        try:
            if os.fstat(handle).st_size + len(line) <= MOST_BYTES:
                os.write(handle, line)
        finally:
            os.close(handle)
    except (OSError, ValueError):
        pass  # a full disk costs events, never the training


def say(text, key=None):
    """One line to the user, once for each `key`, and as a `notice` to the agent. Rank 0 only."""
    if rank() != 0 or (key or text) in _said:
        return
    _said.add(key or text)
    event("notice", text=text)
    _print(text)


def failed(doing, error, off=True):
    """The hook's own fault: told once, and from then on the script runs as if unmanaged.

    off: False where only one framework is concerned, whose module could not be patched.
    """
    global broken
    if broken or doing in _said:
        return
    broken = off
    _said.add(doing)
    where = "".join(traceback.format_exception(type(error), error, error.__traceback__)[-3:])
    event("error", doing=doing, text="%s: %s" % (type(error).__name__, error), where=where)
    _print(
        "the hook failed while %s (%s: %s); the script goes on, but without it checkpoints are kept"
        " only from VAULTLAYER_CHECKPOINT_DIR" % (doing, type(error).__name__, error)
    )


def _print(text):
    try:
        sys.stderr.write("[vaultlayer] %s\n" % text)
        sys.stderr.flush()
    except Exception:
        pass


def guarded(function):
    """Decorates what is called from inside a framework: it raises nothing and then returns None."""

    @functools.wraps(function)
    def call(*args, **kwargs):
        if broken:
            return None
        try:
            return function(*args, **kwargs)
        except Exception as error:
            failed(function.__qualname__, error)
            return None

    return call


def progress(step, loss=None):
    """Steps done, to the file that the agent reads; a few times a second at most, rank 0 only."""
    if rank() != 0 or not os.environ.get("VAULTLAYER_PROGRESS_FILE"):
        return
    import vaultlayer_checkpoint

    vaultlayer_checkpoint.progress(step=step, loss=loss)


def flush():
    """Before an end that runs no exit handlers."""
    module = sys.modules.get("vaultlayer_checkpoint")
    if module is not None:
        module._write_progress()


def versions(*names):
    """Of installed distributions, without importing them."""
    try:
        from importlib import metadata
    except ImportError:
        return {}
    found = {"python": "%d.%d.%d" % sys.version_info[:3]}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except Exception:
            pass
    return found
