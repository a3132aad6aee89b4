"""flax.training.checkpoints with a TrainState: restore_checkpoint before the loop, save_checkpoint in it."""

import hashlib
import os
import time

import jax
import jax.numpy as jnp
import numpy
import optax
from flax import linen as nn
from flax.training import checkpoints, train_state

DIRECTORY = os.path.abspath("flax_ckpts")
STEPS = 120
SAVE_STEPS = 20


class Net(nn.Module):
    @nn.compact
    def __call__(self, inputs):
        return nn.Dense(8)(nn.relu(nn.Dense(1024)(inputs)))


@jax.jit
def train_step(state, inputs, targets):
    def loss_of(params):
        return jnp.mean((state.apply_fn({"params": params}, inputs) - targets) ** 2)

    loss, gradients = jax.value_and_grad(loss_of)(state.params)
    return state.apply_gradients(grads=gradients), loss


def main():
    net = Net()
    params = net.init(jax.random.key(0), jnp.zeros((1, 256)))["params"]
    state = train_state.TrainState.create(apply_fn=net.apply, params=params, tx=optax.adamw(1e-3))
    state = checkpoints.restore_checkpoint(ckpt_dir=DIRECTORY, target=state)
    if int(state.step):
        print("restored step", int(state.step), flush=True)
    for step in range(int(state.step), STEPS):
        key = jax.random.fold_in(jax.random.key(9), step)
        inputs, targets = jax.random.normal(key, (8, 256)), jax.random.normal(key, (8, 8))
        state, loss = train_step(state, inputs, targets)
        time.sleep(0.1)
        done = step + 1
        if done % 5 == 0:
            print(f"step {done} loss {float(loss):.6f}", flush=True)
        if done % SAVE_STEPS == 0:
            checkpoints.save_checkpoint(ckpt_dir=DIRECTORY, target=state, step=done, keep=2)

    digest = hashlib.sha256()
    for leaf in jax.tree_util.tree_leaves(state.params):
        digest.update(numpy.asarray(leaf).tobytes())
    print("weights", STEPS, digest.hexdigest())


if __name__ == "__main__":
    main()
