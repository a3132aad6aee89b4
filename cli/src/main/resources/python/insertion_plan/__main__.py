"""The plan of the script on standard input, as JSON on standard output."""

import json
import sys

from insertion_plan.decision import decide

sys.stdout.write(json.dumps(decide(sys.stdin.buffer.read())) + "\n")
