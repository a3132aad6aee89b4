"""A raw loop with Accelerate: save_state every 20 steps, and the latest of them when there is one.

The resume follows Accelerate's own complete examples: the newest `step_<n>` directory is loaded, and
the batches that were seen are skipped.
"""

import hashlib
import os
import time

import torch
from accelerate import Accelerator
from accelerate.utils import DataLoaderConfiguration, set_seed
from torch import nn
from torch.utils.data import DataLoader, Dataset

OUTPUT = "accelerate_out"
EPOCHS = 2
SAVE_STEPS = 20


class Points(Dataset):
    def __len__(self):
        return 240

    def __getitem__(self, index):
        time.sleep(0.005)
        generator = torch.Generator().manual_seed(index)
        return torch.randn(256, generator=generator), torch.randn(8, generator=generator)


def main():
    data = DataLoaderConfiguration(use_seedable_sampler=True)
    accelerator = Accelerator(cpu=True, dataloader_config=data)
    set_seed(5)
    model = nn.Sequential(nn.Linear(256, 1024), nn.ReLU(), nn.Linear(1024, 1024), nn.Linear(1024, 8))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 25, 0.8)
    loader = DataLoader(Points(), batch_size=4, shuffle=True)
    model, optimizer, loader, scheduler = accelerator.prepare(model, optimizer, loader, scheduler)

    done = 0
    if os.path.isdir(OUTPUT):
        saved = [int(name[len("step_"):]) for name in os.listdir(OUTPUT) if name.startswith("step_")]
        if saved:
            done = max(saved)
            accelerator.print(f"Resumed from checkpoint: step_{done}")
            accelerator.load_state(os.path.join(OUTPUT, f"step_{done}"))

    per_epoch = len(loader)
    for epoch in range(done // per_epoch, EPOCHS):
        loader.set_epoch(epoch)
        batches = loader
        if done > epoch * per_epoch:
            batches = accelerator.skip_first_batches(loader, done - epoch * per_epoch)
        for inputs, targets in batches:
            loss = nn.functional.mse_loss(model(inputs), targets)
            accelerator.backward(loss)
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
            done += 1
            if done % 5 == 0:
                accelerator.print(f"step {done} loss {loss.item():.6f}", flush=True)
            if done % SAVE_STEPS == 0:
                accelerator.save_state(os.path.join(OUTPUT, f"step_{done}"))

    if accelerator.is_main_process:
        digest = hashlib.sha256()
        for name, tensor in sorted(accelerator.unwrap_model(model).state_dict().items()):
            digest.update(name.encode() + tensor.numpy().tobytes())
        print("weights", done, digest.hexdigest())
    accelerator.end_training()


if __name__ == "__main__":
    main()
