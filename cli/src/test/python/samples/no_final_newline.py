import torch
w = torch.nn.Linear(1, 1)
o = torch.optim.SGD(w.parameters(), lr=1)
for i in range(0, 9):
  w(torch.ones(1)).backward()
  o.step()