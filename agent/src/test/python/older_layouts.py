"""Writes small checkpoints as older versions of the frameworks left them, each in a directory of its own.

    python older_layouts.py OUT

The old packages are not needed, and were not run: names, their order on disk and the formats are
written by hand after the sources that each function names. What is inside the tensors is of no
interest here. Each directory is what a script's kept directory looks like after one save. The
modification times follow the order in which the framework writes, one second apart.
"""

import io
import json
import os
import pickle
import struct
import sys
import zipfile

FLOATS = struct.pack("<64f", *range(64))
_BEGAN = 1_600_000_000


class Place:
    """A kept directory that is being filled."""

    def __init__(self, root):
        self.root = root
        self.clock = _BEGAN

    def write(self, path, content):
        file = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(file), exist_ok=True)
        with open(file, "wb") as out:
            out.write(content if isinstance(content, bytes) else content.encode())
        self.clock += 1
        os.utime(file, (self.clock, self.clock))


class FloatStorage:
    """Stands for torch's class of this name, which pickles hold by name only."""


FloatStorage.__module__, FloatStorage.__qualname__ = "torch", "FloatStorage"
WEIGHTS = object()  # in a state: the one storage, FLOATS


def torch_pickle(state, key, *more):
    """A state whose storage lies elsewhere in the file, as torch's pickler writes it."""

    class Pickler(pickle._Pickler):  # the one in C would look for torch to check the class
        def persistent_id(self, value):
            return ("storage", FloatStorage, key, "cpu", 64) + more if value is WEIGHTS else None

        def save_global(self, value, name=None):
            self.write(b"c" + value.__module__.encode() + b"\n" + value.__qualname__.encode() + b"\n")

    out = io.BytesIO()
    Pickler(out, 2).dump(state)
    return out.getvalue()


def torch_zip(state):
    """torch.save from 1.6 to 1.13: data.pkl first, then the storages, then version; no byteorder yet."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as file:
        for name, content in (("data.pkl", torch_pickle(state, "0")), ("data/0", FLOATS), ("version", b"3\n")):
            file.writestr(zipfile.ZipInfo("archive/" + name), content)
    return out.getvalue()


def torch_legacy(state):
    """torch.save before 1.6: five pickles, then each storage as its length and its bytes."""
    system = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    parts = [pickle.dumps(part, 2) for part in (0x1950A86A20F9469CFC6C, 1001, system)]
    parts += [torch_pickle(state, "94051", None), pickle.dumps(["94051"], 2)]
    return b"".join(parts) + struct.pack("<q", 64) + FLOATS


def msgpack(value):
    """As much of msgpack as flax.serialization.to_bytes and Orbax' aggregate file use."""
    if isinstance(value, dict):
        assert len(value) < 16
        return bytes([0x80 | len(value)]) + b"".join(msgpack(k) + msgpack(v) for k, v in value.items())
    if isinstance(value, str):
        text = value.encode()
        head = bytes([0xA0 | len(text)]) if len(text) < 32 else bytes([0xD9, len(text)])
        return head + text
    if isinstance(value, bytes):  # an array: extension type 1 of shape, type and data
        return bytes([0xC8]) + struct.pack(">H", len(value)) + b"\x01" + value
    assert 0 <= value < 1 << 16
    return bytes([0xCD]) + struct.pack(">H", value)


def crc32c(content):
    sum_ = 0xFFFFFFFF
    for byte in content:
        sum_ ^= byte
        for _ in range(8):
            sum_ = sum_ >> 1 ^ (0x82F63B78 if sum_ & 1 else 0)
    return sum_ ^ 0xFFFFFFFF


def ocdbt_manifest():
    """A tensorstore manifest: mark, length, body, checksum."""
    head = bytes([0x0C, 0xDB, 0x3A, 0x2A]) + struct.pack("<Q", 64) + bytes(48)
    return head + struct.pack("<I", crc32c(head))


def zarray():
    return json.dumps({"chunks": [64], "compressor": {"id": "zstd", "level": 1}, "dtype": "<f4", "fill_value": None,
                       "filters": None, "order": "C", "shape": [64], "zarr_format": 2})


# --- Transformers: Trainer._save_checkpoint ------------------------------------------------------


def trainer_state(step, **more):
    """TrainerState of 4.6 to 4.30: without the fields that were added since, such as logging_steps."""
    return json.dumps({
        "best_metric": None, "best_model_checkpoint": None, "epoch": 0.4, "global_step": step,
        "is_hyper_param_search": False, "is_local_process_zero": True, "is_world_process_zero": True,
        "log_history": [{"epoch": 0.4, "learning_rate": 4e-05, "loss": 2.5, "step": step}],
        "max_steps": 50, "num_train_epochs": 1, "total_flos": 1.0, "trial_name": None, "trial_params": None, **more,
    }, indent=2)


def trainer_weights(place, top, names):
    place.write(top + "/config.json", json.dumps({"architectures": ["GPT2LMHeadModel"], "transformers_version": "4.30.2"}))
    for name in names:
        place.write(top + "/" + name, torch_zip({"transformer.wte.weight": WEIGHTS}))
    place.write(top + "/training_args.bin", torch_zip({"output_dir": "out"}))


def trainer_rest(place, top, step, ranks, **state):
    """Up to 4.4x the state came before the random states, of which each rank leaves its own."""
    place.write(top + "/optimizer.pt", torch_zip({"state": {}}))
    place.write(top + "/scheduler.pt", torch_zip({"last_epoch": step}))
    place.write(top + "/trainer_state.json", trainer_state(step, **state))
    for name in ["rng_state.pth"] if ranks == 1 else ["rng_state_%d.pth" % rank for rank in range(ranks)]:
        place.write(top + "/" + name, torch_zip({"python": 0}))


def trainer_one_file(place):
    """4.6 to 4.35: pytorch_model.bin; two ranks."""
    trainer_weights(place, "checkpoint-20", ["pytorch_model.bin"])
    trainer_rest(place, "checkpoint-20", 20, 2)


def trainer_shards(place):
    """4.18 to 4.35 with a model above max_shard_size: numbered files and their index."""
    shards = ["pytorch_model-0000%d-of-00002.bin" % n for n in (1, 2)]
    trainer_weights(place, "checkpoint-20", shards)
    index = {"metadata": {"total_size": 512}, "weight_map": {"a": shards[0], "b": shards[1]}}
    place.write("checkpoint-20/pytorch_model.bin.index.json", json.dumps(index, indent=2))
    trainer_rest(place, "checkpoint-20", 20, 1)


def trainer_staged(place):
    """4.36 to 4.38: written as tmp-checkpoint-<step> and renamed; the second save has not got so far."""
    trainer_weights(place, "checkpoint-20", ["pytorch_model.bin"])
    trainer_rest(place, "checkpoint-20", 20, 1, logging_steps=5, save_steps=20)
    trainer_weights(place, "tmp-checkpoint-40", ["pytorch_model.bin"])


# --- Lightning -----------------------------------------------------------------------------------


def lightning_state(version, **more):
    """CheckpointConnector.dump_checkpoint; `loops` came with 1.5."""
    return {"epoch": 1, "global_step": 20, "pytorch-lightning_version": version, "state_dict": {"w": WEIGHTS},
            "callbacks": {}, "optimizer_states": [{}], "lr_schedulers": [], **more}


def lightning_legacy(place):
    """1.0 to 1.4 on torch before 1.6."""
    place.write("epoch=1-step=20.ckpt", torch_legacy(lightning_state("1.0.8")))


def lightning_zip(place):
    """1.5 to 2.3: written in place under its name, so that half of it can be seen there."""
    place.write("epoch=1-step=20.ckpt", torch_zip(lightning_state("1.5.10", loops={"fit_loop": {}})))


# --- Accelerate: checkpointing.save_accelerator_state --------------------------------------------


def accelerate_bin(place):
    """Up to 0.24 (0.25 made safetensors the default): pytorch_model.bin; two ranks, one registered object."""
    for name in ("pytorch_model.bin", "optimizer.bin", "scheduler.bin", "random_states_0.pkl", "random_states_1.pkl",
                 "custom_checkpoint_0.pkl"):
        place.write("step_20/" + name, torch_zip({name: 0}))


# --- DeepSpeed: engine._get_zero_ckpt_name and _get_ckpt_name ------------------------------------


def deepspeed_tag(place, names):
    for name in names:
        place.write("global_step20/" + name, torch_zip({"dp_world_size": 2}))
    place.write("latest", "global_step20")


def deepspeed_unlined(place):
    """0.3.0 to 0.3.13, ZeRO 1 or 2, two ranks: `optim_states` without a line before it, no zero_to_fp32.py."""
    deepspeed_tag(place, ["mp_rank_00_model_states.pt"] + ["zero_pp_rank_%d_mp_rank_00optim_states.pt" % r for r in (0, 1)])


def deepspeed_stage_3(place):
    """0.3.14 to 0.7, ZeRO 3, two ranks: model states of each rank too."""
    names = ["zero_pp_rank_%d_mp_rank_00_%s_states.pt" % (r, kind) for kind in ("model", "optim") for r in (0, 1)]
    deepspeed_tag(place, names)
    place.write("zero_to_fp32.py", "#!/usr/bin/env python\n")


# --- torch ---------------------------------------------------------------------------------------


def torch_before_1_6(place):
    place.write("ckpt_20.pt", torch_legacy({"model": {"w": WEIGHTS}, "step": 20}))


def torch_1_6(place):
    place.write("ckpt_20.pt", torch_zip({"model": {"w": WEIGHTS}, "step": 20}))


def distributed(place):
    """torch.distributed.checkpoint of 2.0: FileSystemWriter, one file of each rank, .metadata by rename."""
    for rank in (0, 1):
        place.write("step_20/__%d_0.distcp" % rank, torch_zip({"w": WEIGHTS}))
    place.write("step_20/.metadata", pickle.dumps({"state_dict_metadata": {}, "planner_data": None}, 4))


# --- Orbax and Flax ------------------------------------------------------------------------------


def orbax_arrays(place):
    """0.1 to 0.3 below flax.training.checkpoints: a directory of each array, and the tree as msgpack."""
    tree = {"step": 20, "params": {"w": "PLACEHOLDER://params.w",
                                   "kernel": "PLACEHOLDER://params.encoder.layers_0.attention.kernel"}}
    for name in ("params.w", "params.encoder.layers_0.attention.kernel"):
        place.write("checkpoint_20/%s/.zarray" % name, zarray())
        place.write("checkpoint_20/%s/0" % name, FLOATS)
    place.write("checkpoint_20/checkpoint", msgpack(tree))


def orbax_database(place):
    """0.4 to 0.5.10: OCDBT is the default, no step metadata yet; two processes' databases are joined."""
    for top in ("ocdbt.process_0/", "ocdbt.process_1/", ""):
        place.write("checkpoint_20/%sd/0123456789abcdef" % top, FLOATS)
        place.write("checkpoint_20/%smanifest.ocdbt" % top, ocdbt_manifest())
    place.write("checkpoint_20/_METADATA", json.dumps({"tree_metadata": {}, "use_zarr3": False}))
    place.write("checkpoint_20/checkpoint", msgpack({"params": {"w": "PLACEHOLDER://params.w"}}))


def flax_file(place):
    """flax.training.checkpoints before 0.6.9, and since with flax_use_orbax_checkpointing off: one file."""
    place.write("checkpoint_20", msgpack({"step": 20, "params": {"w": FLOATS}}))


def flax_processes(place):
    """The same from 0.5.1 with arrays of several processes: in a directory that gets its name first."""
    place.write("checkpoint_20_gda/params.w/.zarray", zarray())
    place.write("checkpoint_20_gda/params.w/0", FLOATS)
    place.write("checkpoint_20", msgpack({"step": 20, "params": {"w": "//GDAPlaceholder:params.w"}}))


LAYOUTS = {
    "trainer-one-file": trainer_one_file,
    "trainer-shards": trainer_shards,
    "trainer-staged": trainer_staged,
    "lightning-legacy": lightning_legacy,
    "lightning-zip": lightning_zip,
    "accelerate-bin": accelerate_bin,
    "deepspeed-unlined": deepspeed_unlined,
    "deepspeed-stage-3": deepspeed_stage_3,
    "torch-legacy": torch_before_1_6,
    "torch-zip": torch_1_6,
    "distributed": distributed,
    "orbax-arrays": orbax_arrays,
    "orbax-database": orbax_database,
    "flax-file": flax_file,
    "flax-processes": flax_processes,
}


def main():
    for name, write in LAYOUTS.items():
        root = os.path.join(sys.argv[1], name)
        os.makedirs(root)
        write(Place(root))


if __name__ == "__main__":
    main()
