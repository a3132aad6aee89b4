"""This machine's processes, as /proc shows them."""

import contextlib
import os
import pathlib
import signal
import time

TICKS = os.sysconf("SC_CLK_TCK")


def stat(pid):
    """(parent, group, CPU seconds, state), or None when there is no such process."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (OSError, IndexError):
        return None
    return int(fields[1]), int(fields[2]), (int(fields[11]) + int(fields[12])) / TICKS, fields[0]


def everybody():
    """pid -> stat of all that run now."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            seen = stat(int(entry))
            if seen is not None:
                found[int(entry)] = seen
    return found


def family(leader):
    """The leader, its group, and all that descends from it."""
    now = everybody()
    ours = {pid for pid, seen in now.items() if pid == leader or seen[1] == leader}
    grown = True
    while grown:
        more = {pid for pid, seen in now.items() if seen[0] in ours} - ours
        ours |= more
        grown = bool(more)
    return ours


def signal_all(pids, number):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def status_mib(pid, field):
    """A kB field of /proc/PID/status, such as VmRSS or VmHWM, in MiB."""
    try:
        for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0


def with_environment(entry, whole=False):
    """Living processes that were started with an environment entry that begins so, or is so."""
    wanted = entry.encode()
    found = []
    for pid, seen in everybody().items():
        with contextlib.suppress(OSError):
            text = pathlib.Path(f"/proc/{pid}/environ").read_bytes()
            if seen[3] != "Z" and any(
                one == wanted if whole else one.startswith(wanted) for one in text.split(b"\0")
            ):
                found.append(pid)
    return found


def end(pids, patience=5.0):
    """SIGKILL until none of them is left."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        left = [pid for pid in pids if (stat(pid) or (0, 0, 0, "Z"))[3] != "Z"]
        if not left:
            return
        signal_all(left, signal.SIGKILL)
        time.sleep(0.02)
