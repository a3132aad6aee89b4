#!/usr/bin/env python3
# -*- coding: utf-8 -*-
"""Mixed precision, a generator of its own, a bar: grüße an alle."""
from __future__ import annotations

import torch
from torch.cuda.amp import GradScaler, autocast
from torch.optim.lr_scheduler import OneCycleLR
from torch.utils.data import DataLoader, TensorDataset
from tqdm import tqdm


def main(epochs: int = 4) -> None:
    größe, model = 16, torch.nn.Linear(8, 1); model = torch.compile(model)
    params = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(params, lr=1e-3)
    shuffle = torch.Generator().manual_seed(7)
    data = TensorDataset(torch.randn(größe, 8), torch.randn(größe, 1))
    loader = DataLoader(data, batch_size=4, shuffle=True, generator=shuffle,
                        num_workers=2, persistent_workers=True)
    schedule = OneCycleLR(optimizer, max_lr=1e-2, total_steps=epochs * len(loader))
    scaler = GradScaler(enabled=False)
    """ä"""; total = 0.0
    for größe in tqdm(range(epochs), desc="Läufe: ä"):
        for x, y in loader:
            with autocast(enabled=False):
                loss = (model(x) - y).pow(2).mean()
            optimizer.zero_grad(set_to_none=True)
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
            schedule.step()
            total += loss.item()  # über alles
        # what is left of the epoch
    print("Summe", total)


if __name__ == "__main__":
    main()
