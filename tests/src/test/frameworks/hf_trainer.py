"""Transformers' Trainer on a random tiny GPT-2, as its documentation shows it: no resume anywhere."""

import hashlib
import time

import torch
from torch.utils.data import Dataset
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments, set_seed


class Tokens(Dataset):
    def __len__(self):
        return 400

    def __getitem__(self, index):
        time.sleep(0.02)  # as long as reading and tokenising may take
        generator = torch.Generator().manual_seed(index)
        ids = torch.randint(0, 4000, (16,), generator=generator)
        return {"input_ids": ids, "labels": ids}


def main():
    set_seed(7)
    model = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=4000, n_positions=16, n_embd=128, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=0
        )
    )
    arguments = TrainingArguments(
        output_dir="out", max_steps=60, save_steps=10, save_total_limit=2, logging_steps=5,
        per_device_train_batch_size=4, learning_rate=1e-3, warmup_steps=5, use_cpu=True,
        report_to="none", disable_tqdm=True, seed=7,
    )
    trainer = Trainer(model=model, args=arguments, train_dataset=Tokens())
    trainer.train()
    if trainer.is_world_process_zero():
        digest = hashlib.sha256()
        for name, tensor in sorted(model.state_dict().items()):
            digest.update(name.encode() + tensor.numpy().tobytes())
        print("weights", trainer.state.global_step, digest.hexdigest())


if __name__ == "__main__":
    main()
