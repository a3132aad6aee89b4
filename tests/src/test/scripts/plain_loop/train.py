"""A plain loop as a tutorial would write it: nothing of VaultLayer, no checkpoint, no output of steps."""

import hashlib
import os
import pathlib
import sys

import smalltorch as torch

epochs = int(sys.argv[1])
pace = float(sys.argv[2])  # seconds a batch

torch.manual_seed(11)
data = [([torch.random.gauss(0, 1) for _ in range(4)], n % 3) for n in range(24)]
loader = torch.utils.data.DataLoader(data, batch_size=4, shuffle=True)
model = torch.nn.Linear(4, 3, dropout=0.2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=5, gamma=0.8)
best, history = float("inf"), []

for epoch in range(1, epochs + 1):
    total = 0.0
    for x, y in loader:
        optimizer.zero_grad()
        loss = torch.nn.functional.mse(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item()
        torch.pause(pace)
    scheduler.step()
    history.append(total)
    best = min(best, total)
    print("epoch", epoch, "loss %.6f" % total, flush=True)

weights = repr([model.state_dict(), best, history]).encode()
outputs = pathlib.Path(os.environ.get("VL_OUTPUT_DIR") or "outputs")
outputs.mkdir(parents=True, exist_ok=True)
(outputs / "weights.bin").write_bytes(weights)
print("final", len(history), hashlib.sha256(weights).hexdigest(), flush=True)
