#!/usr/bin/env python3
"""QLoRA fine-tuning of TinyLlama 1.1B on alpaca with Transformers' Trainer.

    pip install -r requirements.txt
    python3 train.py

100 steps of 4 x 4 sequences of at most 512 tokens. The base model is loaded in 4 bits (NF4) where
there is a CUDA GPU; without one it is loaded as it is, which is said, and which a model of this
size needs a lot of patience for.
"""

import argparse
import os

import torch
from datasets import load_dataset
from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    BitsAndBytesConfig,
    DataCollatorForSeq2Seq,
    Trainer,
    TrainingArguments,
    set_seed,
)

IGNORED = -100  # label of tokens that give no loss


def options():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default="TinyLlama/TinyLlama-1.1B-Chat-v1.0", help="name or directory")
    parser.add_argument("--dataset", default="tatsu-lab/alpaca", help="name, or a .json/.jsonl file")
    parser.add_argument("--output", default="tinyllama-alpaca")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--save-steps", type=int, default=20)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--accumulate", type=int, default=4)
    parser.add_argument("--length", type=int, default=512, help="tokens of a sequence")
    return parser.parse_args()


def prompt(row):
    if row.get("input"):
        return (
            "Below is an instruction that describes a task, paired with an input that provides further"
            " context. Write a response that appropriately completes the request.\n\n"
            f"### Instruction:\n{row['instruction']}\n\n### Input:\n{row['input']}\n\n### Response:\n"
        )
    return (
        "Below is an instruction that describes a task. Write a response that appropriately completes"
        f" the request.\n\n### Instruction:\n{row['instruction']}\n\n### Response:\n"
    )


def tokenize(row, tokenizer, length):
    """The answer is learnt, the prompt is not."""
    asked = tokenizer(prompt(row))["input_ids"]
    answer = tokenizer(row["output"] + tokenizer.eos_token, add_special_tokens=False)["input_ids"]
    ids = (asked + answer)[:length]
    labels = ([IGNORED] * len(asked) + answer)[:length]
    return {"input_ids": ids, "attention_mask": [1] * len(ids), "labels": labels}


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
    model = AutoModelForCausalLM.from_pretrained(name, quantization_config=quantized, device_map={"": 0})
    return prepare_model_for_kbit_training(model)


def main():
    asked = options()
    set_seed(42)
    tokenizer = AutoTokenizer.from_pretrained(asked.model)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    data = load_data(asked.dataset)
    data = data.map(
        tokenize, fn_kwargs={"tokenizer": tokenizer, "length": asked.length}, remove_columns=data.column_names
    )
    model = load_model(asked.model)
    model.config.use_cache = False
    lora = LoraConfig(
        r=16, lora_alpha=32, lora_dropout=0.05, task_type="CAUSAL_LM",
        target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
    )
    model = get_peft_model(model, lora)
    model.print_trainable_parameters()
    cuda = torch.cuda.is_available()
    trainer = Trainer(
        model=model,
        args=TrainingArguments(
            output_dir=asked.output, max_steps=asked.steps, save_steps=asked.save_steps, save_total_limit=2,
            per_device_train_batch_size=asked.batch, gradient_accumulation_steps=asked.accumulate,
            learning_rate=2e-4, lr_scheduler_type="cosine", warmup_steps=5, logging_steps=5,
            optim="paged_adamw_8bit" if cuda else "adamw_torch",
            bf16=cuda and torch.cuda.is_bf16_supported(), fp16=cuda and not torch.cuda.is_bf16_supported(),
            gradient_checkpointing=cuda, gradient_checkpointing_kwargs={"use_reentrant": False},
            report_to="none", seed=42,
        ),
        train_dataset=data,
        data_collator=DataCollatorForSeq2Seq(tokenizer, padding=True, label_pad_token_id=IGNORED),
    )
    trainer.train()
    trainer.save_model(os.path.join(asked.output, "adapter"))
    print("done: step", trainer.state.global_step, flush=True)


if __name__ == "__main__":
    main()
