"""A single loop that carries a best loss, a patience and a history from step to step."""
import math

import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.1), nn.Linear(8, 1))
opt = torch.optim.AdamW(model.parameters(), lr=1e-3)
loss_fn = nn.MSELoss()
X = torch.randn(64, 4); y = X.sum(1, keepdim=True)
best, history = math.inf, []
patience = 0
curve = torch.zeros(500)
for step in range(500):  # steps, not epochs
    i = torch.randint(64, (8,))
    loss = loss_fn(model(X[i]), y[i])
    opt.zero_grad(); loss.backward(); opt.step()
    history.append(loss.item())
    curve[step] = loss.item()
    if loss.item() < best:
        best = loss.item()
        patience = 0
    else:
        patience += 1
    if patience > 100: break
print(best, len(history), loss.item())
