#!/usr/bin/env python3
"""QLoRA fine-tuning of Qwen2.5-7B on alpaca with TRL's SFTTrainer.

    pip install -r requirements.txt
    python3 train.py

100 steps of 4 x 4 sequences of at most 512 tokens. The base model is loaded in 4 bits (NF4) where
there is a CUDA GPU (24 GB are enough); without one it is loaded as it is, which is said, and which
needs 30 GB of memory.
"""

import argparse
import os

import torch
from datasets import load_dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig, set_seed
from trl import SFTConfig, SFTTrainer


def options():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default="Qwen/Qwen2.5-7B", help="name or directory")
    parser.add_argument("--dataset", default="tatsu-lab/alpaca", help="name, or a .json/.jsonl file")
    parser.add_argument("--output", default="qwen2.5-7b-alpaca")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--save-steps", type=int, default=20)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--accumulate", type=int, default=4)
    parser.add_argument("--length", type=int, default=512, help="tokens of a sequence")
    return parser.parse_args()


def conversation(row):
    """Prompt and answer; TRL takes the loss of the answer only."""
    asked = row["instruction"] + ("\n\n" + row["input"] if row.get("input") else "")
    return {"prompt": "### Instruction:\n" + asked + "\n\n### Response:\n", "completion": row["output"]}


def load_data(name):
    if os.path.exists(name):
        return load_dataset("json", data_files=name, split="train")
    return load_dataset(name, split="train")


def load_model(name):
    if not torch.cuda.is_available():
        print("no CUDA GPU: the model is loaded without 4-bit quantisation", flush=True)
        return AutoModelForCausalLM.from_pretrained(name, dtype=torch.float32)
    quantized = BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16,
    )
    return AutoModelForCausalLM.from_pretrained(name, quantization_config=quantized, device_map={"": 0})


def main():
    asked = options()
    set_seed(42)
    tokenizer = AutoTokenizer.from_pretrained(asked.model)
    data = load_data(asked.dataset)
    data = data.map(conversation, remove_columns=data.column_names)
    cuda = torch.cuda.is_available()
    trainer = SFTTrainer(
        model=load_model(asked.model),
        args=SFTConfig(
            output_dir=asked.output, max_steps=asked.steps, save_steps=asked.save_steps, save_total_limit=2,
            per_device_train_batch_size=asked.batch, gradient_accumulation_steps=asked.accumulate,
            max_length=asked.length, learning_rate=1e-4, lr_scheduler_type="cosine", warmup_steps=5,
            logging_steps=5, optim="paged_adamw_8bit" if cuda else "adamw_torch",
            bf16=cuda and torch.cuda.is_bf16_supported(), fp16=cuda and not torch.cuda.is_bf16_supported(),
            gradient_checkpointing=cuda, report_to="none", seed=42,
        ),
        train_dataset=data,
        processing_class=tokenizer,
        peft_config=LoraConfig(
            r=16, lora_alpha=32, lora_dropout=0.05, target_modules="all-linear", task_type="CAUSAL_LM"
        ),
    )
    trainer.train()
    trainer.save_model(os.path.join(asked.output, "adapter"))
    print("done: step", trainer.state.global_step, flush=True)


if __name__ == "__main__":
    main()
