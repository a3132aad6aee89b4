"""The files of a case, made anew for every run of the bench."""

import os
import pathlib
import shutil
import time

MIB = 1 << 20


class Case:
    """`count` files of `size` bytes; a tenth of the bytes differ in the second save."""

    def __init__(self, name, count, size):
        self.name, self.count, self.size = name, count, size

    @property
    def bytes(self):
        return self.count * self.size


def cases(full, quick):
    if quick:
        return [Case("1x256MiB", 1, 256 * MIB), Case("16x16MiB", 16, 16 * MIB), Case("500x256KiB", 500, MIB // 4)]
    large = Case("1x4GiB", 1, 4096 * MIB) if full else Case("1x1GiB", 1, 1024 * MIB)
    return [large, Case("64x16MiB", 64, 16 * MIB), Case("4000x256KiB", 4000, MIB // 4)]


def fill(path, size):
    with open(path, "wb") as out:
        left = size
        while left:
            piece = os.urandom(min(left, 8 * MIB))
            out.write(piece)
            left -= len(piece)


def name(number):
    return f"f{number:05d}.bin"


def make(case, directory):
    """directory/first, and directory/changed: all its files written anew, a tenth with other bytes."""
    first = pathlib.Path(directory, "first")
    changed = pathlib.Path(directory, "changed")
    first.mkdir(parents=True)
    changed.mkdir()
    for number in range(case.count):
        fill(first / name(number), case.size)
    for number in range(case.count):
        shutil.copyfile(first / name(number), changed / name(number))
    if case.count == 1:
        with open(changed / name(0), "r+b") as out:
            out.seek(case.size * 45 // 100)
            left = case.size // 10
            while left:
                piece = os.urandom(min(left, 8 * MIB))
                out.write(piece)
                left -= len(piece)
    else:
        for number in range(0, case.count, 10):
            fill(changed / name(number), case.size)
    return first, changed


def linked(source, target):
    """The same files under another directory, as a script would just have written them."""
    pathlib.Path(target).mkdir(parents=True)
    for entry in sorted(os.listdir(source)):
        os.link(os.path.join(source, entry), os.path.join(target, entry))


def same(source, target, case):
    """Compares every byte."""
    for number in range(case.count):
        with open(os.path.join(source, name(number)), "rb") as one, open(os.path.join(target, name(number)), "rb") as two:
            while True:
                a, b = one.read(8 * MIB), two.read(8 * MIB)
                if a != b:
                    return False
                if not a:
                    break
    return True


def touch(directory):
    """Newer than whatever was stored before, by a clock of seconds too."""
    later = time.time() + 2
    for entry in os.listdir(directory):
        os.utime(os.path.join(directory, entry), (later, later))
