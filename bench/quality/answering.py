"""Greedy answers of K adapters at once: prompts eagerly, then one captured step a token."""

import numpy as np
import torch

import adapted_llama as al
from batches import END_OF_TURN, at_least, COLUMNS

PREFILL_POSITIONS = 150_000
CACHE_BYTES = 16e9


class Answering:
    def __init__(self, base, config, parameters, recorder, device):
        self.base, self.device, self.recorder = base, device, recorder
        self.layer = al.make_layer(config)
        self.prompt_aware = config["method"] == "para"
        self.by_layer = [{name: p[i] for name, p in parameters.items()} for i in range(al.LAYERS)]
        self.k = next(iter(parameters.values())).shape[1]
        self.cos, self.sin = (t[:, None] for t in al.rope_tables(1100, device))
        self.shapes = {}

    @torch.no_grad()
    def answers(self, rows, new_tokens):
        """Token lists [K][n]. Rows of like prompt length go together."""
        order = np.argsort(rows.prompt_lengths, kind="stable")
        found = [[None] * len(order) for _ in range(self.k)]
        item = 2 if self.device == "cuda" else 4
        begin = 0
        while begin < len(order):
            size = 512
            while size > 32:  # the longest of the rows taken decides their width
                end = min(begin + size, len(order))
                columns = at_least(COLUMNS, rows.prompt_lengths[order[end - 1]])
                if self.k * size * (columns + new_tokens) * 2 * al.DKV * item * al.LAYERS <= CACHE_BYTES:
                    break
                size //= 2
            end = min(begin + size, len(order))
            picked = order[begin:end]
            columns = at_least(COLUMNS, rows.prompt_lengths[picked].max())
            if len(picked) < size:
                size = max(16, 1 << (len(picked) - 1).bit_length())
            padded = np.concatenate([picked, np.repeat(picked[-1:], size - len(picked))])
            tokens = self.decode(rows, padded, columns, new_tokens)
            for k in range(self.k):
                for row, out in zip(picked, tokens[k]):
                    found[k][row] = out[: out.index(END_OF_TURN)] if END_OF_TURN in out else out
            begin = end
        return found

    def state(self, size, columns, new_tokens):
        """Static tensors of a shape, and its captured step."""
        shape = (size, columns, new_tokens)
        if shape in self.shapes:
            return self.shapes[shape]
        self.shapes.clear()  # widths only grow, so an earlier shape does not come back
        n, slots, device = self.k * size, columns + new_tokens, self.device
        dtype = self.base["layers"][0][0].dtype
        s = {"caches": [torch.zeros(2, n, al.KV_HEADS, slots, al.HEAD_DIM, dtype=dtype, device=device) for _ in range(al.LAYERS)]}
        s["at"] = torch.zeros(n, dtype=torch.long, device=device)
        s["token"] = torch.zeros_like(s["at"])
        s["done"] = torch.zeros(n, dtype=torch.bool, device=device)
        s["out"] = torch.full((n, new_tokens), END_OF_TURN, device=device)
        s["t"] = torch.zeros(1, dtype=torch.long, device=device)
        s["vectors"] = [None] * al.LAYERS
        positions = torch.arange(slots, device=device)

        def step():
            at = s["at"]
            visible = torch.where(positions <= at[:, None], 0.0, -1e9)[:, None, None]
            rotary = (self.cos[at][:, None], self.sin[at][:, None])
            h = self.base["embed"][s["token"]].view(self.k, size, 1, al.D)
            for i, weights in enumerate(self.base["layers"]):
                cache = (*s["caches"][i], visible)
                h = self.layer(h, weights, self.by_layer[i], None, None, rotary, s["vectors"][i], cache, at)[0]
            at += 1
            self.choose(s, h.view(n, al.D))

        s["step"] = self.recorder.capture(step)
        self.shapes[shape] = s
        return s

    def choose(self, s, hidden):
        """The likeliest next token of every row, the end of the turn once it has come."""
        logits = al.rms(hidden, self.base["final_norm"]) @ self.base["embed"].T
        token = torch.where(s["done"], END_OF_TURN, logits.argmax(-1))
        s["token"].copy_(token)
        s["out"].index_copy_(1, s["t"], token[:, None])
        s["done"].logical_or_(token == END_OF_TURN)
        s["t"] += 1

    def decode(self, rows, picked, columns, new_tokens):
        k, b = self.k, len(picked)
        s = self.state(b, columns, new_tokens)
        picked = torch.from_numpy(picked).to(self.device)
        counts = rows.counts[picked]
        tokens = rows.tokens[picked][:, :columns]
        last = torch.empty(k, b, al.D, device=self.device)
        size = max(1, PREFILL_POSITIONS // (k * columns))
        for begin in range(0, b, size):
            self.prefill(s, slice(begin, begin + size), tokens, counts, last)
        s["at"].copy_(counts.repeat(k))
        s["done"].zero_()
        s["t"].zero_()
        s["out"].fill_(END_OF_TURN)
        self.choose(s, last.view(-1, al.D))
        for t in range(1, new_tokens):
            if (t % 8 == 0 or t in (2, 4)) and bool(s["done"].all()):
                break
            s["step"]()
        return s["out"].view(k, b, new_tokens).tolist()

    def prefill(self, s, part, tokens, counts, last):
        """Keys, values and vectors of the prompts `part`, and the last position's hidden state."""
        tokens, counts = tokens[part], counts[part]
        (b, columns), k = tokens.shape, self.k
        mask = (torch.arange(columns, device=self.device) < counts[:, None]).float().expand(k, -1, -1)
        h = self.base["embed"][tokens].expand(k, -1, -1, -1)
        rotary = (self.cos[:columns], self.sin[:columns])
        for i, weights in enumerate(self.base["layers"]):
            h, key, value, vectors = self.layer(
                h, weights, self.by_layer[i], mask, counts.float().expand(k, -1), rotary, None, None, None
            )
            for cache, new in zip(s["caches"][i], (key, value)):
                whole = cache.view(k, -1, *cache.shape[1:])
                whole[:, part, :, :columns] = new.transpose(1, 2).view(k, b, al.KV_HEADS, columns, al.HEAD_DIM)
            if s["vectors"][i] is None:  # those that do not depend on the prompt have one row
                rows = len(s["out"]) // k
                s["vectors"][i] = {n: v.new_empty(k, rows if self.prompt_aware else 1, *v.shape[2:]) for n, v in vectors.items()}
            for name, vector in vectors.items():
                own = s["vectors"][i][name]
                own[:, part if self.prompt_aware else slice(None)] = vector
        last[:, part] = h[:, torch.arange(b, device=self.device), counts - 1]
