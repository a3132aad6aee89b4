"""Makes what the fine-tuning examples download, tiny: random models of the same classes, and data.

    python tiny_models.py DIRECTORY

leaves DIRECTORY/llama, DIRECTORY/qwen (configuration, weights, tokenizer) and DIRECTORY/alpaca.json.
"""

import json
import pathlib
import random
import sys

from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

WORDS = ["word%d" % n for n in range(200)] + "Below is an instruction that describes a task Response".split()


def tokenizer():
    vocabulary = {"<unk>": 0, "<s>": 1, "</s>": 2, "<pad>": 3}
    for word in WORDS:
        vocabulary.setdefault(word, len(vocabulary))
    made = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(
        tokenizer_object=made, unk_token="<unk>", bos_token="<s>", eos_token="</s>", pad_token="<pad>"
    )


def main():
    place = pathlib.Path(sys.argv[1])
    words = tokenizer()
    size = dict(
        vocab_size=len(words), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=512,
    )
    for name, model in (("llama", LlamaForCausalLM(LlamaConfig(**size))), ("qwen", Qwen2ForCausalLM(Qwen2Config(**size)))):
        model.save_pretrained(place / name)
        words.save_pretrained(place / name)
    chance = random.Random(1)
    rows = [
        {
            "instruction": " ".join(chance.choices(WORDS, k=8)),
            "input": " ".join(chance.choices(WORDS, k=4)) if n % 2 else "",
            "output": " ".join(chance.choices(WORDS, k=12)),
        }
        for n in range(64)
    ]
    (place / "alpaca.json").write_text(json.dumps(rows))


if __name__ == "__main__":
    main()
