"""Prints steps and saves nothing: each loss of its instance costs all that was done.

Options: --steps N (600), --step-seconds S (0.1).
"""

import argparse
import time

parser = argparse.ArgumentParser()
parser.add_argument("--steps", type=int, default=600)
parser.add_argument("--step-seconds", type=float, default=0.1)
options = parser.parse_args()

print("fresh start", flush=True)
for step in range(1, options.steps + 1):
    time.sleep(options.step_seconds)
    print("step %d/%d loss %.4f" % (step, options.steps, 1.0 / step), flush=True)
print("final step %d" % options.steps, flush=True)
