"""Data sets and weights for sweep.py, in pieces small enough to carry to a machine with an accelerator.

    python bench/quality/prepare.py --model MODEL.gguf --data DIR --out DIR

Writes `data.npz` (token ids by the model's own tokenizer and chat format), and the model file in two halves.
"""

import argparse
import json
import sys
from pathlib import Path

import gguf
import jinja2
import numpy as np

sys.path.append(str(Path(__file__).resolve().parents[2] / "tooling" / "golden"))
from gguf_model import load_chat_template, load_tokenizer  # noqa: E402

TASKS = ["copa", "banking77", "boolq", "squad", "text-to-sql", "gsm8k"]
END_OF_TURN = 2


def tensor_index(path):
    """Tensor name → [first byte in the file, bytes, GGML type, shape with the fastest axis last]."""
    return {
        t.name: [int(t.data_offset), int(t.n_bytes), t.tensor_type.name, [int(n) for n in reversed(t.shape)]]
        for t in gguf.GGUFReader(path).tensors
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--max-tokens", type=int, default=640)
    args = parser.parse_args()
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    tokenizer = load_tokenizer(args.model)
    template = jinja2.Environment().from_string(load_chat_template(args.model))
    arrays = {}
    for task in TASKS:
        for split in ["train", "valid", "test"]:
            rows = [json.loads(line) for line in open(Path(args.data) / task / f"{split}.jsonl")]
            texts = [template.render(messages=[{"role": "user", "content": row["prompt"]}], add_generation_prompt=True) for row in rows]
            prompts = [e.ids for e in tokenizer.encode_batch(texts, add_special_tokens=False)]
            answers = [e.ids + [END_OF_TURN] for e in tokenizer.encode_batch([row["completion"] for row in rows], add_special_tokens=False)]
            keep = [i for i in range(len(rows)) if split != "train" or len(prompts[i]) + len(answers[i]) <= args.max_tokens]
            for name, lists in [("prompts", prompts), ("answers", answers)]:
                chosen = [lists[i] for i in keep]
                arrays[f"{task}/{split}/{name}"] = np.concatenate([np.array(x, np.uint16) for x in chosen])
                arrays[f"{task}/{split}/{name}_lengths"] = np.array([len(x) for x in chosen], np.int32)
            lengths = [len(prompts[i]) + len(answers[i]) for i in keep]
            print(f"{task:12} {split:6} {len(keep):5} of {len(rows):5} rows, {sum(lengths):8} tokens, mean {np.mean(lengths):6.1f}, p99 {np.percentile(lengths, 99):5.0f}, longest {max(lengths)}, answer mean {np.mean([len(a) for a in answers]):5.1f} longest {max(len(answers[i]) for i in keep)}")
    names = [tokenizer.id_to_token(i) for i in range(tokenizer.get_vocab_size())]
    arrays["index"] = np.frombuffer(json.dumps(tensor_index(args.model)).encode(), np.uint8)
    arrays["vocabulary"] = np.frombuffer("\n".join(names).encode(), np.uint8)
    np.savez_compressed(out / "data.npz", **arrays)
    model = Path(args.model).read_bytes()
    half = len(model) // 2
    (out / "model.0").write_bytes(model[:half])
    (out / "model.1").write_bytes(model[half:])


if __name__ == "__main__":
    main()
