"""Are two checkpoints the same? Compares what is in their files where the bytes differ.

Arguments: two directories. Standard output, one JSON object:
    files   [{"path": ..., "equal": true | false, "how": "bytes" | "values"}]
    parts   {"weights" | "optimizer" | "scheduler" | "rng" | "position" | "other": equal or not}
    differ  up to ten places at which they differ
It runs in the script's own Python. torch, numpy and safetensors files are read where that has the
packages; a file that cannot be read counts by its bytes. Loading runs no code of the files, except
a whole pickle, which the script itself has written here a minute ago and would load as well.
"""

import json
import math
import os
import re
import struct
import sys

PARTS = [
    ("loss", r"(^|[^a-z])(train_?|eval_?)?loss"),
    ("optimizer", r"optim|momentum|exp_avg|velocity|adam"),
    ("scheduler", r"sched|last_lr|learning_rate|(^|[^a-z])lr([^a-z]|$)"),
    ("rng", r"rng|random|seed|generator|shuffl"),
    ("position", r"step|epoch|iteration|position|batch"),
]
# Different in every run, and nothing depends on them.
METADATA = re.compile(
    r"(^|_)(time|date|datetime|host|hostname|pid|uuid|runtime|elapsed|path|dir|directory)$"
    r"|timestamp|saved_?at|created_?at|_per_second",
    re.I,
)
METADATA_FILES = {"training_args.bin", "vaultlayer_hook.json", ".metadata.json"}
MOST_BYTES = 8 << 30
MOST_LEAVES = 5_000_000


def main(left, right):
    files, differ, parts = [], [], {}
    for path in sorted(set(names(left)) | set(names(right))):
        here, there = os.path.join(left, path), os.path.join(right, path)
        if os.path.basename(path) in METADATA_FILES:
            continue
        if not (os.path.exists(here) and os.path.exists(there)):
            found, how = {"": False}, "bytes"
        elif same_bytes(here, there):
            found, how = None, "bytes"
        else:
            found, how = compare(here, there)
        equal = found is None or all(found.values())
        files.append({"path": path, "equal": equal, "how": how})
        for place, same in ({"": True} if found is None else found).items():
            part = part_of(path + "/" + place)
            parts[part] = parts.get(part, True) and same
            where = path + (": " + re.sub(r"\[[0-9]+\]", "", place) if place else "")
            if not same and where not in differ and len(differ) < 10:
                differ.append(where)
    json.dump({"files": files, "parts": parts, "differ": differ}, sys.stdout)


def names(root):
    for parent, _, files in os.walk(root):
        for name in files:
            yield os.path.relpath(os.path.join(parent, name), root)


def same_bytes(left, right):
    if os.path.getsize(left) != os.path.getsize(right):
        return False
    with open(left, "rb") as a, open(right, "rb") as b:
        while True:
            x, y = a.read(1 << 20), b.read(1 << 20)
            if x != y:
                return False
            if not x:
                return True


def part_of(place):
    for part, pattern in PARTS:
        if re.search(pattern, place, re.I):
            return part
    return "weights"


def compare(left, right):
    """({place: equal}, how) of two files whose bytes differ."""
    if max(os.path.getsize(left), os.path.getsize(right)) > MOST_BYTES:
        return {"": False}, "bytes"
    for read in readers(left):
        try:
            found = {}
            walk(read(left), read(right), "", found)
            return found, "values"
        except Exception:
            continue
    return {"": False}, "bytes"


def readers(path):
    name = os.path.basename(path).lower()
    if name.endswith(".json"):
        return [read_json]
    if name.endswith(".safetensors"):
        return [read_safetensors]
    if name.endswith((".npz", ".npy")):
        return [read_numpy]
    with open(path, "rb") as file:
        head = file.read(4)
    if head[:2] == b"PK" or name.endswith((".pt", ".pth", ".ckpt", ".bin")):
        return [read_torch, read_pickle]
    if head[:1] == b"\x80":
        return [read_pickle]
    if head[:1] in (b"{", b"["):
        return [read_json]
    return []


def read_json(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def read_safetensors(path):
    """{name: (what, bytes)}; the header's `__metadata__` is nobody's weights."""
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        begin = file.tell()
        found = {}
        for name, each in header.items():
            if name != "__metadata__":
                low, high = each["data_offsets"]
                file.seek(begin + low)
                found[name] = (each["dtype"], tuple(each["shape"]), file.read(high - low))
    return found


def read_numpy(path):
    import numpy

    loaded = numpy.load(path, allow_pickle=False)
    return loaded if hasattr(loaded, "dtype") else {name: loaded[name] for name in loaded.files}


def read_torch(path):
    import torch

    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception:
        return torch.load(path, map_location="cpu", weights_only=False)


def read_pickle(path):
    import pickle

    with open(path, "rb") as file:
        return pickle.load(file)


def walk(left, right, place, found):
    if len(found) > MOST_LEAVES:
        raise ValueError("too many values")
    if isinstance(left, dict) and isinstance(right, dict):
        for key in list(left) + [each for each in right if each not in left]:
            below = "%s.%s" % (place, key) if place else str(key)
            if key not in left or key not in right:
                found[below] = False
            elif not (METADATA.search(str(key)) and isinstance(left[key], (int, float, str))):
                walk(left[key], right[key], below, found)
    elif isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        if len(left) != len(right):
            found[place] = False
        elif len(left) > 100 and not any(isinstance(e, (dict, list, tuple)) for e in left):
            found[place] = all(same(a, b) for a, b in zip(left, right))
        else:
            for at, (a, b) in enumerate(zip(left, right)):
                walk(a, b, "%s[%d]" % (place, at), found)
            if not left:
                found[place] = True
    elif not is_plain(left) and hasattr(left, "__dict__") and type(left) is type(right):
        walk(vars(left), vars(right), place, found)
    else:
        found[place] = same(left, right)


def is_array(value):
    return hasattr(value, "dtype") and hasattr(value, "shape")


def is_plain(value):
    return value is None or is_array(value) or isinstance(
        value, (bool, int, float, complex, str, bytes, bytearray, set, frozenset, dict, list, tuple)
    )


def same(left, right):
    if is_array(left) or is_array(right):
        return is_array(left) and is_array(right) and same_array(left, right)
    if isinstance(left, float) and isinstance(right, float):
        return left == right or math.isnan(left) and math.isnan(right)
    return type(left) is type(right) and left == right


def same_array(left, right):
    if str(left.dtype) != str(right.dtype) or tuple(left.shape) != tuple(right.shape):
        return False
    if hasattr(left, "detach"):
        import torch

        left, right = left.detach().cpu().contiguous(), right.detach().cpu().contiguous()
        flat = [each.reshape(-1).view(torch.uint8) for each in (left, right)]
        return bool(torch.equal(flat[0], flat[1]))
    return left.tobytes() == right.tobytes()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
