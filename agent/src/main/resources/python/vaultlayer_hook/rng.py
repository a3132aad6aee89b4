"""Random states of a process, for frameworks whose own checkpoints leave them out.

One small file for each rank goes with the checkpoint. It holds plain values only, as a pickle of
the job's own that the agent has verified.
"""

import os
import pickle
import random
import sys

from vaultlayer_hook import report
from vaultlayer_hook.mirror import Source

_NAME = "vaultlayer_rng_%d.pkl"


def states():
    """Of Python, and of numpy and torch where the script has imported them."""
    found = {"python": random.getstate()}
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None and hasattr(numpy, "random"):
        kind, keys, *rest = numpy.random.get_state()
        found["numpy"] = (kind, keys.tolist(), *rest)
    if torch is not None and hasattr(torch, "get_rng_state"):
        found["torch"] = bytes(torch.get_rng_state().tolist())
        if torch.cuda.is_available() and torch.cuda.is_initialized():
            found["cuda"] = [bytes(each.tolist()) for each in torch.cuda.get_rng_state_all()]
    return found


def restore(saved):
    """Sets what `states` gave; None changes nothing."""
    if not saved:
        return
    random.setstate(saved["python"])
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if "numpy" in saved and numpy is not None:
        kind, keys, *rest = saved["numpy"]
        numpy.random.set_state((kind, numpy.array(keys, dtype="uint32"), *rest))
    if "torch" in saved and torch is not None:
        torch.set_rng_state(_tensor(torch, saved["torch"]))
        if "cuda" in saved and torch.cuda.device_count() == len(saved["cuda"]):
            torch.cuda.set_rng_state_all([_tensor(torch, each) for each in saved["cuda"]])


def _tensor(torch, state):
    return torch.tensor(list(state), dtype=torch.uint8)


def write(stem, rank, value):
    _write("%s-%d.pkl" % (stem, rank), value)


def write_into(directory, rank, value):
    """Straight to where `read` looks."""
    _write(os.path.join(directory, _NAME % rank), value)


def _write(path, value):
    with open(path + ".tmp", "wb") as file:
        pickle.dump(value, file, protocol=4)
    os.replace(path + ".tmp", path)


def remove(stem, rank):
    try:
        os.unlink("%s-%d.pkl" % (stem, rank))
    except OSError:
        pass


def sources(stem, world):
    """Every rank's file, as parts of a checkpoint that are not put back among the script's own."""
    return [
        Source("%s-%d.pkl" % (stem, rank), _NAME % rank, back=False) for rank in range(world)
    ]


def read(path, rank):
    """What this rank wrote; None where the checkpoint came without it."""
    file = os.path.join(path, _NAME % rank)
    if not os.path.isfile(file):
        return None
    try:
        with open(file, "rb") as stream:
            return pickle.load(stream)
    except Exception as error:
        report.say("the random states of %s cannot be read (%s): what is random differs from an"
                   " uninterrupted run" % (path, error))
        return None
