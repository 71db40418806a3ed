"""The quality sweep: PARA, LoRA and (IA)³ on six data sets, several learning rates and seeds at once.

    python bench/quality/sweep.py --carry DIR --out FILE.jsonl [--workers 5] [--deadline SECONDS]

One worker takes one (data set, method) at a time and trains all its runs together (adapted_llama.py), then answers
the validation and test rows greedily with each. Every finished run is one JSON line, so that a cut loses nothing.
Choose by `valid`, report `test`.
"""

import argparse
import json
import multiprocessing
import os
import re
import time
from pathlib import Path

import numpy as np
import torch
import torch._dynamo

import adapted_llama as al

END_OF_TURN = 2
BATCH = 16
# epochs, most new tokens, what valid and test are chosen and reported by
TASKS = {
    "copa": (10, 20, "exact"),
    "banking77": (3, 16, "exact"),
    "boolq": (4, 4, "exact"),
    "squad": (3, 40, "f1"),
    "text-to-sql": (2, 140, "exact"),
    "gsm8k": (2, 256, "number"),
}
ALL = ["q", "k", "v", "o", "gate", "up", "down"]
para = {"method": "para", "targets": "qvu", "bias": False, "rank": 12, "pooler": "mean", "activation": "gelu"}
METHODS = {
    "para": (para, [4e-3, 1e-2]),
    "para-wide": (para | {"targets": "wide", "bias": True}, [4e-3, 1e-2]),
    "lora-qvu-r8": ({"method": "lora", "linears": ["q", "v", "up"], "rank": 8, "scale": 2.0}, [1e-3, 3e-3]),
    "lora-all-r7": ({"method": "lora", "linears": ALL, "rank": 7, "scale": 2.0}, [1e-3, 3e-3]),
    "ia3": ({"method": "ia3"}, [1e-2, 3e-2]),
    # what else the method allows
    "para-last": (para | {"pooler": "last"}, [4e-3, 1e-2]),
    "para-attention": (para | {"pooler": "attention"}, [4e-3, 1e-2]),
    "para-max": (para | {"pooler": "max"}, [4e-3, 1e-2]),
    "para-silu": (para | {"activation": "silu"}, [4e-3, 1e-2]),
    "para-bias": (para | {"bias": True}, [4e-3, 1e-2]),
    "para-r24": (para | {"rank": 24}, [4e-3, 1e-2]),
    "para-wide-no-bias": (para | {"targets": "wide"}, [4e-3, 1e-2]),
    "para-wide-last": (para | {"targets": "wide", "bias": True, "pooler": "last"}, [4e-3, 1e-2]),
    "para-wide-r4": (para | {"targets": "wide", "bias": True, "rank": 4}, [4e-3, 1e-2]),
    "lora-all-r3": ({"method": "lora", "linears": ALL, "rank": 3, "scale": 2.0}, [1e-3, 3e-3]),
}
MAIN = ["para-wide", "lora-all-r7", "para", "lora-qvu-r8", "ia3"]


class Rows:
    """One split on the device: tokens [n, longest] right-padded, with lengths."""

    def __init__(self, data, task, split, device, limit):
        def lists(name):
            flat, lengths = data[f"{task}/{split}/{name}"], data[f"{task}/{split}/{name}_lengths"]
            return [x.astype(np.int64) for x in np.split(flat, np.cumsum(lengths)[:-1])][:limit]

        self.prompts, self.answers = lists("prompts"), lists("answers")
        self.prompt_lengths = np.array([len(x) for x in self.prompts])
        self.lengths = self.prompt_lengths + np.array([len(x) for x in self.answers])
        tokens = np.full((len(self.prompts), self.lengths.max()), END_OF_TURN)
        for row, (p, a) in enumerate(zip(self.prompts, self.answers)):
            tokens[row, : len(p)], tokens[row, len(p) : len(p) + len(a)] = p, a
        self.tokens = torch.from_numpy(tokens).to(device)


def epoch_order(lengths, seed, epoch, batches_a_chunk=8):
    """Shuffled batches of rows of like length: sorted within chunks, the chunk's batches in an order all runs share."""
    order = np.random.default_rng([seed, epoch]).permutation(len(lengths))
    batches = []
    for number, begin in enumerate(range(0, len(order) - BATCH + 1, BATCH * batches_a_chunk)):
        chunk = order[begin : begin + BATCH * batches_a_chunk]
        chunk = chunk[: len(chunk) // BATCH * BATCH]
        chunk = chunk[np.argsort(lengths[chunk], kind="stable")].reshape(-1, BATCH)
        batches.extend(chunk[np.random.default_rng([epoch, number]).permutation(len(chunk))])
    return batches


def clip_and_step(parameters, state, step, rates, clip=1.0):
    """AdamW without decay, each run clipped by its own gradient norm and with its own learning rate [K]."""
    norm = sum(p.grad.square().flatten(2).sum((0, 2)) for p in parameters.values()).sqrt()
    factor = (clip / (norm + 1e-6)).clamp(max=1)
    for name, p in parameters.items():
        shape = (1, -1) + (1,) * (p.dim() - 2)
        g = p.grad * factor.view(shape)
        m, v = state.setdefault(name, (torch.zeros_like(p), torch.zeros_like(p)))
        m.lerp_(g, 0.1)
        v.lerp_(g.square(), 0.001)
        update = (m / (1 - 0.9**step)) / ((v / (1 - 0.999**step)).sqrt() + 1e-8)
        p.data.sub_(update * rates.view(shape))
        p.grad = None


class Trainer:
    def __init__(self, base, config, device, compiled, cap):
        self.base, self.config, self.device, self.cap = base, config, device, cap
        layer = al.make_layer(config)
        self.plain = layer
        self.layer = torch.compile(layer, dynamic=True) if compiled else layer
        self.cos, self.sin = (t[:, None] for t in al.rope_tables(1100, device))

    def loss(self, rows, picked, parameters):
        """picked [K, B] row numbers → mean loss over the target tokens of each run [K], of one micro-batch's rows."""
        k, b = picked.shape
        longest = int(rows.lengths[picked].max())
        tokens = rows.tokens[torch.from_numpy(picked.ravel()).to(self.device), :longest]
        prompts = rows.prompt_lengths[picked]
        counts = torch.from_numpy(prompts).to(self.device)
        mask = (torch.arange(longest, device=self.device) < counts[..., None]).float()
        h = self.base["embed"][tokens].view(k, b, longest, al.D)
        rotary = (self.cos[:longest], self.sin[:longest])
        for i, weights in enumerate(self.base["layers"]):
            p = {name: t[i] for name, t in parameters.items()}
            h = self.layer(h, weights, p, mask, counts.float(), rotary, None, None, None)[0]
        places, labels, owner = [], [], []
        for row, (begin, end) in enumerate(zip(prompts.ravel(), rows.lengths[picked].ravel())):
            places.append(row * longest + np.arange(begin - 1, end - 1))
            owner.append(np.full(end - begin, row // b))
            labels.append(rows.answers[picked.ravel()[row]])
        places, labels, owner = (torch.from_numpy(np.concatenate(x)).to(self.device) for x in (places, labels, owner))
        hidden = al.rms(h.reshape(-1, al.D)[places], self.base["final_norm"])
        return hidden, labels, owner

    def train(self, rows, seeds, rates, epochs, deadline):
        """Trains all runs together. None when the deadline comes first."""
        parameters = al.new_adapters(self.config, seeds, self.device)
        orders = [sum((epoch_order(rows.lengths, seed, e) for e in range(epochs)), []) for seed in seeds]
        steps, state, k = len(orders[0]), {}, len(seeds)
        rates = torch.tensor(rates, device=self.device)
        warmup = max(1, round(0.06 * steps))
        began, tokens = time.time(), 0
        for step in range(1, steps + 1):
            picked = np.stack([order[step - 1] for order in orders])
            targets = (rows.lengths - rows.prompt_lengths)[picked].sum(1)
            size = max(1, min(BATCH, self.cap // (k * int(rows.lengths[picked].max()))))
            size = -(-BATCH // -(-BATCH // size))  # as many micro-batches, of like size
            for begin in range(0, BATCH, size):
                hidden, labels, owner = self.loss(rows, picked[:, begin : begin + size], parameters)
                weights = (1 / torch.from_numpy(targets).to(self.device).float())[owner]
                losses = al.TokenLoss.apply(hidden, self.base["head"], labels, weights)
                (losses * weights).sum().backward()
            factor = min(step / warmup, (steps - step + 1) / max(1, steps - warmup))
            clip_and_step(parameters, state, step, rates * factor)
            tokens += int(rows.lengths[picked].sum())
            if step % 20 == 0 and time.time() > deadline:
                return None
        if self.device == "cuda":
            torch.cuda.synchronize()
        return {n: p.detach() for n, p in parameters.items()}, steps, tokens, time.time() - began

    @torch.no_grad()
    def answer(self, rows, parameters, run, new_tokens, room=150_000):
        """Greedy answers of run `run` to every prompt, as token lists."""
        own = {name: p[:, run : run + 1] for name, p in parameters.items()}
        order = np.argsort(rows.prompt_lengths, kind="stable")
        answers, begin = [None] * len(order), 0
        while begin < len(order):
            end = begin + 1
            while end < len(order) and (end + 1 - begin) * (rows.prompt_lengths[order[end]] + new_tokens) <= room:
                end += 1
            for row, tokens in zip(order[begin:end], self.decode(rows, order[begin:end], own, new_tokens)):
                answers[row] = tokens
            begin = end
        return answers

    def decode(self, rows, picked, own, new_tokens):
        n, device = len(picked), self.device
        lengths = torch.from_numpy(rows.prompt_lengths[picked]).to(device)
        longest = int(lengths.max())
        slots = longest + new_tokens
        positions = torch.arange(slots, device=device)
        mask = (positions[:longest] < lengths[:, None]).float()[None]
        h = self.base["embed"][rows.tokens[torch.from_numpy(picked).to(device), :longest]][None]
        rotary = (self.cos[:longest], self.sin[:longest])
        caches, vectors = [], []
        for i, weights in enumerate(self.base["layers"]):
            p = {name: t[i] for name, t in own.items()}
            h, key, value, vector = self.plain(h, weights, p, mask, lengths.float()[None], rotary, None, None, None)
            keys = torch.zeros(n, al.KV_HEADS, slots, al.HEAD_DIM, dtype=key.dtype, device=device)
            values = torch.zeros_like(keys)
            keys[:, :, :longest], values[:, :, :longest] = key.transpose(1, 2), value.transpose(1, 2)
            caches.append((keys, values))
            vectors.append(vector)
        last = h[0, torch.arange(n, device=device), lengths - 1]
        out = torch.full((n, new_tokens), END_OF_TURN, device=device)
        done = torch.zeros(n, dtype=torch.bool, device=device)
        for t in range(new_tokens):
            logits = al.rms(last, self.base["final_norm"]).to(self.base["head"].dtype) @ self.base["head"].T
            token = torch.where(done, END_OF_TURN, logits.argmax(-1))
            out[:, t] = token
            done |= token == END_OF_TURN
            if t + 1 == new_tokens or (t % 4 == 3 or t < 8) and bool(done.all()):
                break
            at = lengths + t
            visible = torch.where(positions <= at[:, None], 0.0, -1e9)[:, None, None]
            rotary = (self.cos[at][:, None], self.sin[at][:, None])
            h = self.base["embed"][token][None, :, None]
            for i, weights in enumerate(self.base["layers"]):
                p = {name: w[i] for name, w in own.items()}
                h = self.plain(h, weights, p, None, None, rotary, vectors[i], (*caches[i], visible), at)[0]
            last = h[0, :, 0]
        return [row[: row.index(END_OF_TURN)] if END_OF_TURN in row else row for row in out.tolist()]


class Text:
    """Token ids → text by GPT-2's alphabet of bytes."""

    def __init__(self, vocabulary):
        printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
        characters = {chr(b): b for b in printable}
        characters |= {chr(256 + i): b for i, b in enumerate(b for b in range(256) if b not in printable)}
        self.bytes = [
            bytes(characters[c] for c in name) if all(c in characters for c in name) else name.encode()
            for name in bytes(vocabulary).decode().split("\n")
        ]

    def __call__(self, ids):
        return b"".join(self.bytes[i] for i in ids).decode("utf-8", "replace")


def normal(text):
    """SQuAD's normalisation: lower case, no punctuation, no articles."""
    text = re.sub(r"[^\w\s]", "", text.lower())
    return re.sub(r"\b(a|an|the)\b", " ", text).split()


def score(answers, expected, text):
    """Exact match of the whole answer, SQuAD's F1 of its words, and the number behind `####`, in per cent."""
    exact = f1 = number = 0
    for ids, wanted in zip(answers, expected):
        got, want = text(ids).strip(), text(wanted[:-1]).strip()
        exact += got == want
        a, b = normal(got), normal(want)
        common = sum(min(a.count(w), b.count(w)) for w in set(a))
        f1 += 2 * common / (len(a) + len(b)) if common else float(a == b)
        if "####" in want:
            number += got.split("####")[-1].strip() == want.split("####")[-1].strip() and "####" in got
    n = len(expected) / 100
    return {"exact": exact / n, "f1": f1 / n, "number": number / n}


def jobs(args):
    for task in args.tasks.split(","):
        for method in args.methods.split(",") if args.methods else MAIN:
            yield task, method, [1, 2, 3], METHODS[method][1][-1:] if task in args.one_rate.split(",") else METHODS[method][1]
    for item in filter(None, args.extra.split(",")):
        task, method = item.split(":")
        yield task, method, [1, 2, 3], METHODS[method][1]


def memory():
    """The most that was held of the card so far, in GB."""
    return torch.cuda.max_memory_allocated() / 1e9 if torch.cuda.is_available() else 0.0


def work(number, args, queue, began):
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.set_num_threads(2)
    if device == "cuda":
        torch.cuda.set_device(number % torch.cuda.device_count())
    torch._dynamo.config.recompile_limit = 64
    torch.backends.cuda.matmul.allow_tf32 = True
    carry = Path(args.carry)
    with np.load(carry / "data.npz") as file:
        data = {name: file[name] for name in file.files}
    dtype = torch.bfloat16 if device == "cuda" else torch.float32
    base = al.load_base([carry / "model.0", carry / "model.1"], al.parse_index(data["index"]), device, dtype)
    text = Text(data["vocabulary"])
    compiled = args.compile and number % max(1, torch.cuda.device_count()) == 0  # the other cards need no warming up
    splits, trainers = {}, {}
    deadline = began + args.deadline
    while time.time() < deadline:
        try:
            task, method, seeds, rates = queue.pop(0)
        except IndexError:
            break
        config = METHODS[method][0]
        epochs, new_tokens, _ = TASKS[task]
        if task not in splits:
            splits[task] = {s: Rows(data, task, s, device, args.rows or None) for s in ("train", "valid", "test")}
        rows = splits[task]
        trainer = trainers.setdefault(method, Trainer(base, config, device, compiled, args.cap))
        runs = [(rate, seed) for rate in rates for seed in seeds]
        try:
            columns = ([s for _, s in runs], [r for r, _ in runs])
            result = trainer.train(rows["train"], *columns, args.epochs or epochs, deadline)
        except torch.OutOfMemoryError:
            print(f"[{number}] {task} {method}: out of memory at {trainer.cap} positions, tried again with half", flush=True)
            torch.cuda.empty_cache()
            args.cap //= 2
            trainers.clear()
            queue.insert(0, (task, method, seeds, rates))
            continue
        if result is None:
            print(f"[{number}] {task} {method} met the deadline", flush=True)
            break
        parameters, steps, tokens, seconds = result
        print(f"[{time.time() - began:4.0f} s, worker {number}] {task} {method}: {len(runs)} runs, {tokens} tokens in {seconds:.1f} s, {tokens / seconds:.0f} a second, {memory():.0f} GB", flush=True)
        for run, (rate, seed) in enumerate(runs):
            line = {"task": task, "method": method, "config": config, "parameters": al.count_parameters(config), "learning_rate": rate, "seed": seed, "steps": steps}
            for split in ("valid", "test"):
                answers = trainer.answer(rows[split], parameters, run, new_tokens)
                line[split] = score(answers, rows[split].answers, text)
            with open(f"{args.out}.{number}", "a") as file:
                file.write(json.dumps(line) + "\n")
        print(f"[{time.time() - began:4.0f} s, worker {number}] {task} {method}: last {line['valid']} {line['test']}", flush=True)
        del parameters, result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--carry", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--tasks", default="banking77,boolq,copa,squad,text-to-sql,gsm8k")
    parser.add_argument("--methods", default="")
    parser.add_argument("--extra", default="", help="task:method pairs to go on with while time is left")
    parser.add_argument("--one-rate", default="", help="tasks trained at the second learning rate only")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--deadline", type=float, default=1e9, help="seconds from the start")
    parser.add_argument("--cap", type=int, default=16384, help="most positions of a micro-batch, all runs together")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--rows", type=int, default=0, help="rows of each split, for a rehearsal")
    parser.add_argument("--epochs", type=int, default=0)
    args = parser.parse_args()
    began = time.time()
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager:
        queue = manager.list(list(jobs(args)))
        workers = [context.Process(target=work, args=(i, args, queue, began)) for i in range(args.workers)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    with open(args.out, "a") as file:
        for i in range(args.workers):
            if os.path.exists(f"{args.out}.{i}"):
                file.write(Path(f"{args.out}.{i}").read_text())


if __name__ == "__main__":
    main()
