"""Names that tell what a script does: what trains, what keeps state, what does neither."""

import re

MODULE = "vaultlayer_checkpoint"
OPTIMIZERS = set(
    "SGD Adam AdamW RMSprop Adagrad Adadelta Adamax NAdam RAdam ASGD Rprop SparseAdam Adafactor"
    " Muon Lion Lamb LAMB LARS AdaBelief AdamW8bit Adam8bit PagedAdamW8bit".split()
)
FRAMEWORKS = {
    "lightning": "Lightning", "pytorch_lightning": "Lightning", "accelerate": "Accelerate",
    "deepspeed": "DeepSpeed", "ignite": "Ignite", "fastai": "fastai", "composer": "Composer",
    "keras": "Keras", "tensorflow": "TensorFlow", "trl": "TRL", "colossalai": "Colossal-AI",
}
SHARDED = {
    "DistributedDataParallel", "DDP", "FullyShardedDataParallel", "FSDP", "fully_shard",
    "init_process_group", "init_device_mesh", "DeviceMesh", "parallelize_module",
}
GENERATORS = {"Generator", "default_rng", "RandomState", "Random"}
ITERATORS = {"iter", "cycle", "count", "zip", "map", "filter", "enumerate", "reversed"}
MUTATORS = {
    "append", "extend", "insert", "add", "update", "pop", "popleft", "appendleft", "remove",
    "clear", "push", "put", "setdefault", "step", "reset", "store", "observe", "record",
}
# Their objects keep nothing that the training depends on, or keep it in what is saved anyway.
HARMLESS_MODULES = set(
    "torch torchvision torchaudio numpy argparse logging wandb tqdm time pathlib os math"
    " json csv matplotlib PIL datasets transformers sklearn pandas datetime functools peft timm"
    " tensorboardX tensorboard omegaconf hydra sys re rich collections types".split()
)
# Methods by which a loop tells something, and changes nothing that it will read.
TELLING = re.compile("add_|log|info|debug|warn|print|write|flush|set_|train$|eval$|to$|cuda$|zero_grad$")
SELF_RETURNING = {
    "to", "cuda", "cpu", "eval", "train", "half", "float", "double", "requires_grad_", "manual_seed",
}
PURE_CALLS = {"len", "int", "min", "max", "abs", "round"}
# Keywords of restore() and checkpoint() that mean something else than an object to save.
TAKEN = {"step", "loss", "keep", "save_path", "directory", "every", "of", "save_last", "unit"}
