"""Lightning's Trainer with its own checkpoints at the end of each epoch: no resume anywhere."""

import hashlib
import sys
import time

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

if "--old-package" in sys.argv:
    import pytorch_lightning as L
else:
    import lightning as L


class Points(Dataset):
    def __len__(self):
        return 48

    def __getitem__(self, index):
        time.sleep(0.01)
        generator = torch.Generator().manual_seed(index)
        return torch.randn(256, generator=generator), torch.randn(8, generator=generator)


class Net(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(256, 1024), nn.ReLU(), nn.Dropout(0.1), nn.Linear(1024, 1024), nn.Linear(1024, 8))

    def training_step(self, batch, batch_index):
        inputs, targets = batch
        loss = nn.functional.mse_loss(self.net(inputs), targets)
        self.log("train_loss", loss)
        return loss

    def configure_optimizers(self):
        optimizer = torch.optim.Adam(self.parameters(), lr=1e-3)
        return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 3, 0.5)]


def main():
    L.seed_everything(3)
    devices = 2 if "--two" in sys.argv else 1
    model = Net()
    trainer = L.Trainer(
        max_epochs=8, accelerator="cpu", devices=devices, strategy="ddp" if devices > 1 else "auto",
        enable_progress_bar=False, enable_model_summary=False, log_every_n_steps=2,
    )
    trainer.fit(model, DataLoader(Points(), batch_size=4, shuffle=True))
    if trainer.is_global_zero:
        digest = hashlib.sha256()
        for name, tensor in sorted(model.state_dict().items()):
            digest.update(name.encode() + tensor.cpu().numpy().tobytes())
        print("weights", trainer.global_step, digest.hexdigest())


if __name__ == "__main__":
    main()
