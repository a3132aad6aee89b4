import copy
import itertools

import torch


class Encoder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(4, 4)

    def forward(self, x):
        return self.fc(x)


class Meter:
    def __init__(self):
        self.n = 0

    def state_dict(self):
        return {"n": self.n}

    def load_state_dict(self, state):
        self.n = state["n"]


def fit(encoder, decoder, data, epochs=3):
    optim = torch.optim.Adam(itertools.chain(encoder.parameters(), decoder.parameters()))
    warmup = torch.optim.lr_scheduler.LinearLR(optim)
    decay = torch.optim.lr_scheduler.ExponentialLR(optim, 0.9)
    ema = copy.deepcopy(encoder)
    step = Meter()
    seen = {"train": []}
    best_weights = copy.deepcopy(encoder.state_dict())
    lowest = float("inf")
    try:
        for epoch in range(epochs):
            for x in data:
                optim.zero_grad()
                loss = (decoder(encoder(x)) - x).pow(2).mean()
                loss.backward()
                optim.step()
                step.n = step.n + 1
                step.state_dict()
                for slow, fast in zip(ema.parameters(), encoder.parameters()):
                    slow.data.lerp_(fast.data, 0.01)
            note(seen, loss)
            if loss < lowest:
                lowest, best_weights = loss.item(), copy.deepcopy(encoder.state_dict())
            warmup.step()
            decay.step()
    finally:
        encoder.load_state_dict(best_weights)
    return seen


def note(record, loss):
    record["train"].append(loss.item())


fit(Encoder(), torch.nn.Linear(4, 4), torch.randn(6, 4))
