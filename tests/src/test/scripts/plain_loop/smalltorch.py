"""As much of torch as a plain loop touches, under the same names, in plain Python.

For machines without torch. What it draws it draws from `random`, whose state goes on like torch's.
"""

import random
import time
import types

manual_seed = random.seed
pause = time.sleep


class Parameter:
    def __init__(self, value):
        self.value, self.grad = value, 0.0


class Linear:
    def __init__(self, inputs, outputs, dropout):
        self.weights = [
            [Parameter(random.uniform(-1, 1)) for _ in range(inputs)] for _ in range(outputs)
        ]
        self.dropout = dropout

    def __call__(self, batch):
        rows = []
        for x in batch:
            kept = [value * (random.random() >= self.dropout) for value in x]
            rows.append((kept, [sum(w.value * v for w, v in zip(row, kept))
                                for row in self.weights]))
        return self, rows

    def parameters(self):
        return [each for row in self.weights for each in row]

    def state_dict(self):
        return {"weights": [[each.value for each in row] for row in self.weights]}

    def load_state_dict(self, state):
        for row, values in zip(self.weights, state["weights"]):
            for each, value in zip(row, values):
                each.value = value


class Loss:
    def __init__(self, prediction, labels):
        (self.model, self.rows), self.labels = prediction, labels

    def _errors(self):
        for (x, outputs), label in zip(self.rows, self.labels):
            yield x, [out - (n == label) for n, out in enumerate(outputs)]

    def item(self):
        return sum(e * e for _, errors in self._errors() for e in errors) / len(self.labels)

    def backward(self):
        for x, errors in self._errors():
            for row, error in zip(self.model.weights, errors):
                for weight, value in zip(row, x):
                    weight.grad += 2 * error * value / len(self.labels)


class SGD:
    def __init__(self, parameters, lr, momentum):
        self.parameters, self.momentum = list(parameters), momentum
        self.lr = lr
        self.velocity = [0.0] * len(self.parameters)

    def zero_grad(self):
        for each in self.parameters:
            each.grad = 0.0

    def step(self):
        for n, each in enumerate(self.parameters):
            self.velocity[n] = self.momentum * self.velocity[n] + each.grad
            each.value -= self.lr * self.velocity[n]

    def state_dict(self):
        return {"lr": self.lr, "velocity": list(self.velocity)}

    def load_state_dict(self, state):
        self.lr, self.velocity = state["lr"], list(state["velocity"])


class StepLR:
    def __init__(self, optimizer, step_size, gamma):
        self.optimizer, self.size, self.gamma, self.epoch = optimizer, step_size, gamma, 0

    def step(self):
        self.epoch += 1
        if self.epoch % self.size == 0:
            self.optimizer.lr *= self.gamma

    def state_dict(self):
        return {"epoch": self.epoch}

    def load_state_dict(self, state):
        self.epoch = state["epoch"]


class DataLoader:
    def __init__(self, data, batch_size, shuffle):
        self.data, self.size, self.shuffle = data, batch_size, shuffle

    def __iter__(self):
        order = list(range(len(self.data)))
        if self.shuffle:
            random.shuffle(order)
        for at in range(0, len(order), self.size):
            yield tuple(zip(*(self.data[n] for n in order[at:at + self.size])))


def mse(prediction, labels):
    return Loss(prediction, labels)


nn = types.SimpleNamespace(Linear=Linear, functional=types.SimpleNamespace(mse=mse))
optim = types.SimpleNamespace(SGD=SGD, lr_scheduler=types.SimpleNamespace(StepLR=StepLR))
utils = types.SimpleNamespace(data=types.SimpleNamespace(DataLoader=DataLoader))
