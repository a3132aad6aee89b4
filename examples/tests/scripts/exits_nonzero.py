"""Ends by its own fault: three lines of output, one of them on stderr, then exit code 7.

Options: --code N (7), --after-seconds S (0).
"""

import argparse
import sys
import time

parser = argparse.ArgumentParser()
parser.add_argument("--code", type=int, default=7)
parser.add_argument("--after-seconds", type=float, default=0.0)
options = parser.parse_args()

print("fresh start", flush=True)
time.sleep(options.after_seconds)
print("step 1/100 loss 0.5000", flush=True)
print("ValueError: the labels are missing", file=sys.stderr, flush=True)
sys.exit(options.code)
