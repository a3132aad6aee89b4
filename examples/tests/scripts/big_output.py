"""Ten megabytes of output as fast as it is taken, then one line with the digest of the rest.

Each line is 99 characters and a newline and carries its number, so a test sees what is missing,
doubled or out of order. The last line is `final lines N sha256 D`, D over all bytes before it.

Options: --megabytes N (10).
"""

import argparse
import hashlib
import sys

parser = argparse.ArgumentParser()
parser.add_argument("--megabytes", type=int, default=10)
options = parser.parse_args()

digest, lines = hashlib.sha256(), options.megabytes * 10000
for first in range(0, lines, 1000):
    text = "".join(
        "line %9d %s\n" % (number, "abcdefghijklmnopqrstuvwxyz"[number % 26] * 84)
        for number in range(first, first + 1000)
    ).encode("ascii")
    digest.update(text)
    sys.stdout.buffer.write(text)
sys.stdout.buffer.write(b"final lines %d sha256 %s\n" % (lines, digest.hexdigest().encode()))
sys.stdout.flush()
