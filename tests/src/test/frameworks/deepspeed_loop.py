"""DeepSpeed's own loop: load_checkpoint before it, save_checkpoint with the step as client state in it."""

import hashlib
import time

import deepspeed
import torch
import torch.distributed as dist
from torch import nn

ROOT = "ds_ckpts"
STEPS = 120
SAVE_STEPS = 20
CONFIG = {
    "train_batch_size": 16,
    "optimizer": {"type": "Adam", "params": {"lr": 1e-3}},
    "zero_optimization": {"stage": 1},
}


def batch(step, rank):
    generator = torch.Generator().manual_seed(step * 100 + rank)
    return torch.randn(8, 256, generator=generator), torch.randn(8, 8, generator=generator)


def main():
    torch.manual_seed(6)
    net = nn.Sequential(nn.Linear(256, 1024), nn.ReLU(), nn.Linear(1024, 1024), nn.Linear(1024, 8))
    engine, _, _, _ = deepspeed.initialize(model=net, model_parameters=net.parameters(), config=CONFIG)
    rank = dist.get_rank()
    path, client = engine.load_checkpoint(ROOT)
    start = client["step"] if path else 0
    if start and rank == 0:
        print("resuming at step", start, flush=True)
    for step in range(start, STEPS):
        inputs, targets = batch(step, rank)
        loss = nn.functional.mse_loss(engine(inputs), targets)
        engine.backward(loss)
        engine.step()
        time.sleep(0.1)
        done = step + 1
        if rank == 0 and done % 5 == 0:
            print(f"step {done} loss {loss.item():.6f}", flush=True)
        if done % SAVE_STEPS == 0:
            engine.save_checkpoint(ROOT, client_state={"step": done})
    if rank == 0:
        digest = hashlib.sha256()
        for name, tensor in sorted(net.state_dict().items()):
            digest.update(name.encode() + tensor.numpy().tobytes())
        print("weights", STEPS, digest.hexdigest())
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
