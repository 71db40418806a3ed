"""Greedy continuations and first-step logits of the base model by `transformers`, fp32.

    python tooling/golden/make_greedy.py MODEL.gguf packages/models/golden/greedy.json
"""

import hashlib
import json
import sys

import jinja2
import numpy as np
import torch

from gguf_model import load_chat_template, load_model, load_tokenizer

NEW_TOKENS = 32
TOP = 16
SAMPLE_STRIDE = 769  # every 769th logit: 64 of 49,152

CHAT = [
    "My card was charged twice for the same train ticket. What should I do?",
    "How long does a bank transfer to another country take?",
    "I forgot my PIN and the cash machine kept my card.",
    "Is this mail spam? Subject: You won a prize! Send your bank details within 24 hours to claim it.",
    "Write a SQL query that counts the orders of each customer. The table is orders(id, customer_id, total).",
    "A baker makes 24 rolls an hour and works for 6 hours. He sells 100 rolls. How many are left?",
    "Summarise in one sentence: The meeting moved from Tuesday to Thursday because the room was double-booked.",
    "Translate to French: Where is the nearest railway station?",
    "Passage: The river rises in the hills and reaches the sea after 80 kilometres.\nQuestion: does the river reach the sea?",
    "List three uses of a paper clip.",
    "Explain what a database index is to a ten-year-old.",
    "What is 17 + 25? Answer with the number only.",
]
TEXT = [
    "The capital of France is",
    "def fibonacci(n):\n    ",
    "Once upon a time, in a village by the sea, there lived",
    "Water boils at 100 degrees Celsius at sea level, but on a high mountain",
    "SELECT name, COUNT(*) FROM visits GROUP BY",
    "Dear customer,\n\nthank you for your order of 12/05/2024. We are sorry to",
    "The three laws of motion were first stated by",
    "Zutaten für vier Personen: 500 g Mehl, 3 Eier, ein Löffel Öl —",
]


def main(model_path, out_path):
    torch.manual_seed(0)
    torch.set_num_threads(2)
    model = load_model(model_path)
    tokenizer = load_tokenizer(model_path)
    template = jinja2.Environment().from_string(load_chat_template(model_path))
    prompts = [
        {"messages": [{"role": "user", "content": content}]} for content in CHAT
    ] + [{"text": text} for text in TEXT]
    rows = []
    for prompt in prompts:
        if "messages" in prompt:
            text = template.render(messages=prompt["messages"], add_generation_prompt=True)
        else:
            text = prompt["text"]
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        tokens, first, margin = greedy(model, ids)
        order = np.argsort(-first, kind="stable")[:TOP]
        rows.append(
            {
                **prompt,
                "prompt_tokens": ids,
                "tokens": tokens,
                "text_out": tokenizer.decode(tokens, skip_special_tokens=False),
                "smallest_margin": round(float(margin), 5),
                "first_logits": {
                    "top": [[int(i), round(float(first[i]), 6)] for i in order],
                    "sample": [round(float(x), 6) for x in first[::SAMPLE_STRIDE]],
                    "sum": round(float(first.astype(np.float64).sum()), 3),
                },
            }
        )
        print(len(ids), round(float(margin), 4), repr(rows[-1]["text_out"]), flush=True)
    with open(model_path, "rb") as file:
        sha = hashlib.sha256(file.read()).hexdigest()
    with open(out_path, "w") as file:
        header = {"model_sha256": sha, "sample_stride": SAMPLE_STRIDE, "new_tokens": NEW_TOKENS}
        header["made_by"] = f"torch {torch.__version__}, transformers, fp32, eager attention"
        file.write(json.dumps(header)[:-1] + ', "rows": [\n')
        file.write(",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]}\n")


@torch.no_grad()
def greedy(model, ids):
    """32 tokens, end-of-turn tokens included; (tokens, logits of the first step, smallest top-1 to top-2 distance)."""
    past, step, first, tokens, margin = None, torch.tensor([ids]), None, [], np.inf
    for _ in range(NEW_TOKENS):
        result = model(step, past_key_values=past, use_cache=True)
        logits = result.logits[0, -1]
        if first is None:
            first = logits.numpy().copy()
        best = torch.topk(logits, 2).values
        margin = min(margin, (best[0] - best[1]).item())
        tokens.append(int(logits.argmax()))
        past, step = result.past_key_values, torch.tensor([[tokens[-1]]])
    return tokens, first, margin


if __name__ == "__main__":
    main(*sys.argv[1:])
