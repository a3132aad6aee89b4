"""A plain PyTorch loop that saves with torch.save and loads again what it finds; also under torchrun."""

import hashlib
import os
import time

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

PATH = "runs/last.pt"
STEPS = 60
SAVE_STEPS = 20


def batch(step, rank):
    generator = torch.Generator().manual_seed(step * 100 + rank)
    return torch.randn(8, 256, generator=generator), torch.randn(8, 8, generator=generator)


def main():
    distributed = "RANK" in os.environ
    if distributed:
        dist.init_process_group("gloo")
    rank = dist.get_rank() if distributed else 0
    torch.manual_seed(2)
    net = nn.Sequential(nn.Linear(256, 1024), nn.ReLU(), nn.Linear(1024, 1024), nn.Linear(1024, 8))
    model = DistributedDataParallel(net) if distributed else net
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3)

    start = 0
    if os.path.exists(PATH):
        checkpoint = torch.load(PATH)
        net.load_state_dict(checkpoint["model_state_dict"])
        optimizer.load_state_dict(checkpoint["optimizer_state_dict"])
        start = checkpoint["step"]
        print("resuming at step", start, flush=True)

    for step in range(start, STEPS):
        inputs, targets = batch(step, rank)
        loss = nn.functional.mse_loss(model(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        time.sleep(0.35)
        done = step + 1
        if rank == 0 and done % 5 == 0:
            print(f"step {done} loss {loss.item():.6f}", flush=True)
        if rank == 0 and done % SAVE_STEPS == 0:
            os.makedirs(os.path.dirname(PATH), exist_ok=True)
            torch.save(
                {"step": done, "model_state_dict": net.state_dict(), "optimizer_state_dict": optimizer.state_dict()},
                PATH,
            )

    if rank == 0:
        digest = hashlib.sha256()
        for name, tensor in sorted(net.state_dict().items()):
            digest.update(name.encode() + tensor.numpy().tobytes())
        print("weights", STEPS, digest.hexdigest())
    if distributed:
        dist.destroy_process_group()


if __name__ == "__main__":
    main()
