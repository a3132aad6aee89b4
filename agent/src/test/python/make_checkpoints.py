"""Makes small checkpoints with the real frameworks, each in a directory of its own.

    python make_checkpoints.py OUT [NAME...]

Prints one line for each: its name, then "made" or "skipped: <why>". Nothing made here is committed.
"""
import os
import socket
import sys
import traceback
import warnings

warnings.filterwarnings("ignore")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("OMP_NUM_THREADS", "1")


def torch_files(out):
    import torch

    state = {"model": {"w": torch.arange(4000.0)}, "step": 7}
    torch.save(state, f"{out}/zip.pt")
    torch.save(state, f"{out}/legacy.pt", _use_new_zipfile_serialization=False)
    torch.save({"none": 1}, f"{out}/no-tensors.pth")
    config = torch.utils.serialization.config
    config.save.compute_crc32 = False
    torch.save(state, f"{out}/no-crc.pt")
    config.save.compute_crc32 = True


def safetensors_files(out):
    import torch
    from safetensors.torch import save_file

    save_file(
        {"a": torch.ones(3, 5), "b": torch.ones(7, dtype=torch.bfloat16), "none": torch.ones(0, 4)},
        f"{out}/model.safetensors",
        metadata={"format": "pt"},
    )


def trainer(out, **extra):
    import torch
    from torch import nn
    from transformers import Trainer, TrainingArguments

    class Data(torch.utils.data.Dataset):
        def __len__(self):
            return 64

        def __getitem__(self, i):
            return {"x": torch.full((8,), float(i) / 64), "labels": torch.tensor(float(i % 3))}

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.l = nn.Linear(8, 1)

        def forward(self, x, labels):
            return {"loss": ((self.l(x).squeeze(-1) - labels) ** 2).mean()}

    arguments = TrainingArguments(
        output_dir=out, max_steps=4, save_steps=2, logging_steps=1, report_to="none",
        per_device_train_batch_size=4, use_cpu=True, disable_tqdm=True, **extra)
    Trainer(Net(), arguments, train_dataset=Data()).train()


def trainer_model_only(out):
    trainer(out, save_only_model=True)


def sharded(out):
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(n_layer=2, n_embd=32, n_head=2, vocab_size=64, n_positions=16)
    GPT2LMHeadModel(config).save_pretrained(f"{out}/checkpoint-3", max_shard_size="20KB")


def accelerate(out):
    import torch
    from accelerate import Accelerator

    accelerator = Accelerator(cpu=True)
    net = torch.nn.Linear(8, 8)
    optimizer = torch.optim.AdamW(net.parameters())
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    net, optimizer, scheduler = accelerator.prepare(net, optimizer, scheduler)
    accelerator.backward(net(torch.ones(1, 8)).sum())
    optimizer.step()
    accelerator.save_state(f"{out}/step_5")


def lightning(out):
    import torch
    import lightning as L

    class Net(L.LightningModule):
        def __init__(self):
            super().__init__()
            self.l = torch.nn.Linear(8, 1)

        def training_step(self, batch, _):
            return self.l(batch).sum()

        def configure_optimizers(self):
            return torch.optim.AdamW(self.parameters())

    data = torch.utils.data.DataLoader(torch.ones(8, 8), batch_size=4)
    L.Trainer(
        max_epochs=1, accelerator="cpu", default_root_dir=out, logger=False,
        enable_progress_bar=False, enable_model_summary=False).fit(Net(), data)


def distributed(out):
    """Two ranks: one sharded and one replicated tensor.

    They are forked off after the imports, which take longer than all else; so this goes first, while
    there are no threads. What torchrun would say to them is said here.
    """
    import transformers.trainer  # noqa: F401

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    ranks = []
    for rank in (0, 1):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                os.environ.update(
                    RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE="2", LOCAL_WORLD_SIZE="2",
                    MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
                be_a_rank(out)
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(status)
        ranks.append(child)
    ended = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in ranks]
    if any(ended):
        raise RuntimeError("the ranks ended with %s" % ended)


def be_a_rank(out):
    import torch
    import torch.distributed as dist
    import torch.distributed.checkpoint as dcp
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.tensor import Shard, distribute_tensor

    dist.init_process_group("gloo")
    mesh = init_device_mesh("cpu", (2,))
    shared = distribute_tensor(torch.arange(64.0), mesh, [Shard(0)])
    dcp.save({"sharded": shared, "replicated": torch.ones(4)}, checkpoint_id=f"{out}/step-9")
    dcp.save({"replicated": torch.ones(4)}, checkpoint_id=f"{out}/step-10")
    trainer(f"{out}/trainer")
    dist.destroy_process_group()


def orbax(out):
    import jax.numpy as jnp
    import orbax.checkpoint as ocp

    with ocp.CheckpointManager(os.path.abspath(out)) as manager:
        manager.save(3, args=ocp.args.StandardSave({"w": jnp.ones((4, 4)), "n": 3}))
        manager.wait_until_finished()


def flax(out):
    import flax
    import jax.numpy as jnp

    flax.config.update("flax_use_orbax_checkpointing", False)
    from flax.training import checkpoints

    checkpoints.save_checkpoint(os.path.abspath(out), {"w": jnp.ones((40, 4)), "n": 3}, step=12)


def numpy_files(out):
    import numpy

    numpy.savez(f"{out}/state.npz", a=numpy.ones(500), b=numpy.arange(3))
    numpy.savez_compressed(f"{out}/packed.npz", a=numpy.ones(500))


MAKERS = {
    "distributed": distributed,
    "torch": torch_files,
    "safetensors": safetensors_files,
    "trainer": trainer,
    "trainer-model-only": trainer_model_only,
    "sharded": sharded,
    "accelerate": accelerate,
    "lightning": lightning,
    "orbax": orbax,
    "flax": flax,
    "numpy": numpy_files,
}


def main():
    out, names = sys.argv[1], sys.argv[2:] or list(MAKERS)
    for name in names:
        place = os.path.join(out, name)
        os.makedirs(place, exist_ok=True)
        try:
            MAKERS[name](place)
            print(name, "made", flush=True)
        except ImportError as e:
            print(name, "skipped:", e, flush=True)


if __name__ == "__main__":
    main()
