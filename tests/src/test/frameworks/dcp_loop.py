"""torch.distributed.checkpoint: every rank saves its part, the newest step directory is loaded again."""

import hashlib
import os
import time

import torch
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch import nn
from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict
from torch.nn.parallel import DistributedDataParallel

ROOT = "dcp"
STEPS = 120
SAVE_STEPS = 20


def batch(step, rank):
    generator = torch.Generator().manual_seed(step * 100 + rank)
    return torch.randn(8, 256, generator=generator), torch.randn(8, 8, generator=generator)


def newest():
    if not os.path.isdir(ROOT):
        return 0
    steps = [int(name[len("step-"):]) for name in os.listdir(ROOT) if name.startswith("step-")]
    return max((step for step in steps if os.path.exists(f"{ROOT}/step-{step}/.metadata")), default=0)


def main():
    distributed = "RANK" in os.environ
    if distributed:
        dist.init_process_group("gloo")
    rank = dist.get_rank() if distributed else 0
    torch.manual_seed(4)
    net = nn.Sequential(nn.Linear(256, 1024), nn.ReLU(), nn.Linear(1024, 1024), nn.Linear(1024, 8))
    model = DistributedDataParallel(net) if distributed else net
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)

    start = newest()
    if start:
        model_state, optimizer_state = get_state_dict(model, optimizer)
        state = {"model": model_state, "optimizer": optimizer_state}
        dcp.load(state, checkpoint_id=f"{ROOT}/step-{start}")
        set_state_dict(model, optimizer, model_state_dict=state["model"], optim_state_dict=state["optimizer"])
        if rank == 0:
            print("resuming at step", start, flush=True)

    for step in range(start, STEPS):
        inputs, targets = batch(step, rank)
        loss = nn.functional.mse_loss(model(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        time.sleep(0.1)
        done = step + 1
        if rank == 0 and done % 5 == 0:
            print(f"step {done} loss {loss.item():.6f}", flush=True)
        if done % SAVE_STEPS == 0:
            model_state, optimizer_state = get_state_dict(model, optimizer)
            dcp.save({"model": model_state, "optimizer": optimizer_state}, checkpoint_id=f"{ROOT}/step-{done}")

    if rank == 0:
        digest = hashlib.sha256()
        for name, tensor in sorted(net.state_dict().items()):
            digest.update(name.encode() + tensor.numpy().tobytes())
        print("weights", STEPS, digest.hexdigest())
    if distributed:
        dist.barrier()
        dist.destroy_process_group()


if __name__ == "__main__":
    main()
