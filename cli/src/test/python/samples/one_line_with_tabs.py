import torch

model = torch.nn.Linear(2, 1)
optimizer = torch.optim.SGD(params=model.parameters(), lr=0.1)


def train(epoch):
	for x in torch.randn(4, 2):
		optimizer.zero_grad()
		model(x).sum().backward()
		optimizer.step()


if True:
	for epoch in range(2, 20, 3): train(epoch)  # one line
