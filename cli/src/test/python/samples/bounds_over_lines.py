import torch

START, STRIDE = 1, 2
net = torch.nn.Linear(2, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for turn in range(
    START,  # from here
    len([0] * 9),
    STRIDE,
):
    def closed(x=turn):
        return net(torch.ones(2)).sum()

    loss = closed()
    opt.zero_grad()
    loss.backward()
    (
        opt
        .step()
    )  # last
