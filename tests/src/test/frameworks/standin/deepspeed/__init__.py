"""A stand-in for DeepSpeed, for machines on which it cannot be installed; used by tests only.

What a checkpoint looks like from outside is DeepSpeed 0.19.6's: signatures, file names, the order in
which they are written, `latest` before the last barrier, and load_checkpoint's answers. Inside it is
ZeRO stage 1 in a few lines: each rank keeps the optimizer of its share of the parameters. Nothing
here says how fast or how exact DeepSpeed is.
"""

import torch.distributed as dist

from deepspeed.runtime.engine import DeepSpeedEngine

__version__ = "0.19.6+standin"


def initialize(
    args=None,
    model=None,
    optimizer=None,
    model_parameters=None,
    training_data=None,
    lr_scheduler=None,
    distributed_port=29500,
    mpu=None,
    dist_init_required=None,
    collate_fn=None,
    config=None,
    mesh_param=None,
    config_params=None,
):
    assert model is not None, "deepspeed.initialize requires a model"
    if not dist.is_initialized():
        dist.init_process_group("gloo")
    engine = DeepSpeedEngine(
        args=args, model=model, optimizer=optimizer, model_parameters=model_parameters,
        training_data=training_data, lr_scheduler=lr_scheduler, config=config or config_params,
    )
    return engine, engine.optimizer, None, engine.lr_scheduler
