"""Orbax's CheckpointManager in its usual idiom: restore the latest step if there is one."""

import hashlib
import os
import time

import jax
import jax.numpy as jnp
import numpy
import optax
import orbax.checkpoint as ocp

STEPS = 120
SAVE_STEPS = 20


def init(key):
    first, second = jax.random.split(key)
    return {"w1": jax.random.normal(first, (256, 1024)) * 0.05, "w2": jax.random.normal(second, (1024, 8)) * 0.05}


def loss_of(params, inputs, targets):
    return jnp.mean((jax.nn.relu(inputs @ params["w1"]) @ params["w2"] - targets) ** 2)


def main():
    optimizer = optax.adamw(1e-3)
    params = init(jax.random.key(0))
    state = {"params": params, "opt_state": optimizer.init(params)}

    @jax.jit
    def train_step(state, inputs, targets):
        loss, gradients = jax.value_and_grad(loss_of)(state["params"], inputs, targets)
        updates, opt_state = optimizer.update(gradients, state["opt_state"], state["params"])
        return {"params": optax.apply_updates(state["params"], updates), "opt_state": opt_state}, loss

    options = ocp.CheckpointManagerOptions(max_to_keep=3, save_interval_steps=SAVE_STEPS)
    with ocp.CheckpointManager(os.path.abspath("ckpts"), options=options) as manager:
        start = 0
        if manager.latest_step() is not None:
            start = manager.latest_step()
            abstract = jax.tree_util.tree_map(ocp.utils.to_shape_dtype_struct, state)
            state = manager.restore(start, args=ocp.args.StandardRestore(abstract))
            print("restored step", start, flush=True)
        for step in range(start, STEPS):
            key = jax.random.fold_in(jax.random.key(9), step)
            inputs, targets = jax.random.normal(key, (8, 256)), jax.random.normal(key, (8, 8))
            state, loss = train_step(state, inputs, targets)
            time.sleep(0.1)
            if (step + 1) % 5 == 0:
                print(f"step {step + 1} loss {float(loss):.6f}", flush=True)
            manager.save(step + 1, args=ocp.args.StandardSave(state))
        manager.wait_until_finished()

    digest = hashlib.sha256()
    for leaf in jax.tree_util.tree_leaves(state["params"]):
        digest.update(numpy.asarray(leaf).tobytes())
    print("weights", STEPS, digest.hexdigest())


if __name__ == "__main__":
    main()
