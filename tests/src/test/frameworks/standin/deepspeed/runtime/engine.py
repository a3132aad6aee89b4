"""The stand-in's engine: ZeRO stage 1 over gloo, with DeepSpeed's files on disk."""

import os

import torch
import torch.distributed as dist


class DeepSpeedEngine(torch.nn.Module):
    def __init__(
        self, args=None, model=None, optimizer=None, model_parameters=None, training_data=None,
        lr_scheduler=None, config=None,
    ):
        super().__init__()
        self.module = model
        self.global_rank, self.world_size = dist.get_rank(), dist.get_world_size()
        self.global_steps = 0
        self.micro_steps = 0
        self.skipped_steps = 0
        self.lr_scheduler = lr_scheduler
        parameters = list(model.parameters())
        self._shares = [parameters[rank :: self.world_size] for rank in range(self.world_size)]
        kind = config["optimizer"]
        assert kind["type"] == "Adam", kind
        self.optimizer = torch.optim.Adam(self._shares[self.global_rank], **kind["params"])
        for parameter in parameters:
            dist.broadcast(parameter.data, 0)

    def forward(self, *inputs, **named):
        return self.module(*inputs, **named)

    def backward(self, loss, **_):
        loss.backward()
        for parameter in self.module.parameters():
            dist.all_reduce(parameter.grad)
            parameter.grad /= self.world_size
        return loss

    def step(self, lr_kwargs=None):
        self.optimizer.step()
        for rank, share in enumerate(self._shares):
            for parameter in share:
                dist.broadcast(parameter.data, rank)
        self.module.zero_grad()
        self.global_steps += 1
        self.micro_steps += 1

    def _model_states(self, folder, tag):
        return os.path.join(folder, str(tag), "mp_rank_00_model_states.pt")

    def _optimizer_states(self, folder, tag):
        return os.path.join(folder, str(tag), f"zero_pp_rank_{self.global_rank}_mp_rank_00_optim_states.pt")

    def save_checkpoint(self, save_dir, tag=None, client_state={}, save_latest=True, exclude_frozen_parameters=False):
        if not save_dir:
            raise ValueError(f"save_dir must be a non-empty string, got {save_dir!r}")
        if self.global_rank == 0:
            os.makedirs(save_dir, exist_ok=True)
        dist.barrier()
        tag = str(tag if tag is not None else f"global_step{self.global_steps}")
        os.makedirs(os.path.join(save_dir, tag), exist_ok=True)
        dist.barrier()
        if self.global_rank == 0:
            state = {
                "module": self.module.state_dict(), "global_steps": self.global_steps,
                "skipped_steps": self.skipped_steps, "dp_world_size": self.world_size, "mp_world_size": 1,
            }
            state.update(client_state)
            torch.save(state, self._model_states(save_dir, tag))
            with open(os.path.join(save_dir, "zero_to_fp32.py"), "w") as script:
                script.write("# the stand-in has no such conversion\n")
        torch.save(
            {"optimizer_state_dict": self.optimizer.state_dict(), "ds_version": "0.19.6"},
            self._optimizer_states(save_dir, tag),
        )
        if save_latest and self.global_rank == 0:
            with open(os.path.join(save_dir, "latest"), "w") as file:
                file.write(tag)
        dist.barrier()
        return True

    def load_checkpoint(
        self, load_dir, tag=None, load_module_strict=True, load_optimizer_states=True,
        load_lr_scheduler_states=True, load_module_only=False, custom_load_fn=None,
    ):
        if tag is None:
            latest = os.path.join(load_dir, "latest")
            if not os.path.isfile(latest):
                print(f"Unable to find latest file at {latest}", flush=True)
                return None, None
            with open(latest) as file:
                tag = file.read().strip()
        path = self._model_states(load_dir, tag)
        state = torch.load(path, weights_only=False)
        if state.pop("dp_world_size") != self.world_size:
            raise RuntimeError("the checkpoint was saved by another number of ranks")
        self.module.load_state_dict(state.pop("module"), strict=load_module_strict)
        self.global_steps = state.pop("global_steps")
        self.skipped_steps = state.pop("skipped_steps")
        state.pop("mp_world_size")
        if load_optimizer_states and not load_module_only:
            saved = torch.load(self._optimizer_states(load_dir, tag), weights_only=False)
            self.optimizer.load_state_dict(saved["optimizer_state_dict"])
        return path, state
