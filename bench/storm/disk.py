"""A disk of its own for the bucket, so that it can be filled: a tmpfs in a mount namespace.

No right is needed where the kernel lets users make namespaces (`unshare -Urm`); where it does not,
nothing is filled, and the bench says so. The plane's store and the agents' files lie elsewhere: a
host whose own disk is full fails its job with `no_disk_space`, as it should.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile

INSIDE = "VL_CHAOS_DISK"
MIB = 1 << 20


def enter():
    """Runs this program once more inside of a namespace; returns when it is inside or there is none."""
    if os.environ.get(INSIDE) or shutil.which("unshare") is None:
        return
    with tempfile.TemporaryDirectory(prefix="vl-chaos-") as tried:
        if subprocess.run(["unshare", "-Urm", *mount(tried, MIB)], **SILENT).returncode != 0:
            return
    os.environ[INSIDE] = "1"
    os.execvp("unshare", ["unshare", "-Urm", sys.executable, *sys.argv])


SILENT = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def mount(path, size):
    return ["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "vl-chaos", str(path)]


class Disk:
    """Mounted on a folder; `real` says whether it could be."""

    def __init__(self, folder, size):
        self.folder = folder
        folder.mkdir(parents=True, mode=0o700)
        # Taken out: what this program starts is not the program.
        self.real = bool(os.environ.pop(INSIDE, None)) and subprocess.run(mount(folder, size), **SILENT).returncode == 0

    def fill(self):
        """Not a byte is left."""
        with open(self.folder / ".ballast", "wb") as file:
            for piece in (MIB, 4096):
                with contextlib.suppress(OSError):
                    while True:
                        seen = os.statvfs(self.folder)
                        free = seen.f_bavail * seen.f_frsize
                        if free < piece:
                            break
                        os.posix_fallocate(file.fileno(), file.seek(0, 2), free if piece == 4096 else free - MIB)

    def empty(self):
        with contextlib.suppress(FileNotFoundError):
            (self.folder / ".ballast").unlink()

    def close(self):
        if self.real:
            subprocess.run(["umount", "-l", str(self.folder)], **SILENT)
