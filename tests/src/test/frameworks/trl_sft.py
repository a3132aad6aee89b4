"""TRL's SFTTrainer: LoRA on a random tiny Llama with a tokenizer made on the spot."""

import hashlib
import random

import torch
from datasets import Dataset
from peft import LoraConfig
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, set_seed
from trl import SFTConfig, SFTTrainer

WORDS = ["w%d" % n for n in range(2000)]


def tokenizer():
    vocabulary = {"<pad>": 0, "<s>": 1, "</s>": 2, "<unk>": 3}
    vocabulary.update({word: n + 4 for n, word in enumerate(WORDS)})
    made = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="<pad>", bos_token="<s>", eos_token="</s>", unk_token="<unk>"
    )


def texts():
    chance = random.Random(11)
    return [" ".join(chance.choices(WORDS, k=24)) for _ in range(160)]


def main():
    set_seed(11)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=2004, hidden_size=128, intermediate_size=256, num_hidden_layers=4,
            num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=64,
        )
    )
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(
            output_dir="sft", max_steps=60, save_steps=10, logging_steps=5, per_device_train_batch_size=2,
            gradient_accumulation_steps=2, learning_rate=1e-3, max_length=32, use_cpu=True, bf16=False,
            gradient_checkpointing=False, report_to="none", disable_tqdm=True, seed=11,
        ),
        train_dataset=Dataset.from_dict({"text": texts()}),
        processing_class=tokenizer(),
        peft_config=LoraConfig(r=32, lora_alpha=32, lora_dropout=0.1, target_modules="all-linear", task_type="CAUSAL_LM"),
    )
    trainer.train()
    if trainer.is_world_process_zero():
        digest = hashlib.sha256()
        for name, tensor in sorted(trainer.model.state_dict().items()):
            digest.update(name.encode() + tensor.detach().to(torch.float32).numpy().tobytes())
        print("weights", trainer.state.global_step, digest.hexdigest())


if __name__ == "__main__":
    main()
