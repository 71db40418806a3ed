"""SmolLM2 with K adapters of one kind at once, in PyTorch: rows of run k are adapted by adapter k.

The formulas are those of docs/para.md. All K runs share the frozen weights, the batch and every kernel, which is what
makes a sweep fit: one step trains K adapters. Residual stream, norms, vectors and adapters are float32, the frozen
products are `dtype` (bfloat16 on a GPU).
"""

import json

import numpy as np
import torch
import torch.nn.functional as F

D, HEADS, KV_HEADS, HEAD_DIM, FFN, LAYERS, VOCAB, THETA, EPS = 576, 9, 3, 64, 1536, 30, 49152, 1e5, 1e-5
DQ, DKV = HEADS * HEAD_DIM, KV_HEADS * HEAD_DIM
WIDTHS = {"q": (D, DQ), "k": (D, DKV), "v": (D, DKV), "o": (DQ, D), "gate": (D, FFN), "up": (D, FFN), "down": (FFN, D)}
TARGETS = {"qvu": ["q", "v", "up"], "wide": ["q", "k", "v", "o", "gate", "up", "down"]}


def dequantise(raw, kind):
    if kind == "F32":
        return raw.view(np.float32)
    if kind == "Q8_0":
        blocks = raw.reshape(-1, 34)
        scale = blocks[:, :2].copy().view(np.float16).astype(np.float32)
        return (scale * blocks[:, 2:].view(np.int8)).ravel()
    blocks = raw.reshape(-1, 20)
    scale, least = (blocks[:, i : i + 2].copy().view(np.float16).astype(np.float32) for i in (0, 2))
    q = np.concatenate([blocks[:, 4:] & 15, blocks[:, 4:] >> 4], 1)
    return (scale * q + least).ravel()


def load_base(pieces, index, device, dtype):
    """The frozen weights: q, k, v and gate, up side by side, as [out, in]."""
    data = np.concatenate([np.fromfile(piece, np.uint8) for piece in pieces])

    def tensor(name):
        begin, size, kind, shape = index[name]
        return torch.from_numpy(dequantise(data[begin : begin + size], kind).copy()).view(shape)

    return arrange_base(tensor, device, dtype)


def invented_base(device, dtype):
    """Weights of the right shapes and sensible sizes, for a rehearsal without the model's file."""
    generator = torch.Generator().manual_seed(0)
    shapes = {"attn_q": (DQ, D), "attn_k": (DKV, D), "attn_v": (DKV, D), "attn_output": (D, DQ)}
    shapes |= {"ffn_gate": (FFN, D), "ffn_up": (FFN, D), "ffn_down": (D, FFN)}

    def tensor(name):
        if name.endswith("norm.weight"):
            return torch.ones(D)
        shape = (VOCAB, D) if name == "token_embd.weight" else shapes[name.split(".")[-2]]
        return torch.randn(shape, generator=generator) * (0.1 if shape[0] == VOCAB else shape[1] ** -0.5)

    return arrange_base(tensor, device, dtype)


def arrange_base(tensor, device, dtype):
    """tensor(name in the GGUF file) → the weights as the layers take them."""

    def halves(name, heads):  # llama.cpp interleaves the rotary pairs
        w = tensor(name)
        return w.view(heads, HEAD_DIM // 2, 2, D).swapaxes(1, 2).reshape(w.shape)

    base = {"embed": tensor("token_embd.weight").to(device), "final_norm": tensor("output_norm.weight").to(device), "layers": []}
    for i in range(LAYERS):
        p = f"blk.{i}."
        qkv = torch.cat([halves(p + "attn_q.weight", HEADS), halves(p + "attn_k.weight", KV_HEADS), tensor(p + "attn_v.weight")])
        gate_up = torch.cat([tensor(p + "ffn_gate.weight"), tensor(p + "ffn_up.weight")])
        matrices = [qkv, tensor(p + "attn_output.weight"), gate_up, tensor(p + "ffn_down.weight")]
        norms = [tensor(p + "attn_norm.weight"), tensor(p + "ffn_norm.weight")]
        base["layers"].append([m.to(device, dtype) for m in matrices] + [n.to(device) for n in norms])
    return base


def adapter_shapes(config):
    """name → (shape of one layer's tensor, standard deviation or constant at the start)."""
    if config["method"] == "para":
        width = sum(WIDTHS[t][1] for t in TARGETS[config["targets"]])
        views = len(config["pooler"].split("+"))
        shapes = {"down": ((views * D, config["rank"]), ("normal", (views * D) ** -0.5)), "up": ((config["rank"], width), ("fill", 0.0))}
        if config["bias"]:
            shapes["bias"] = ((width,), ("fill", 0.0))
        if "attention" in config["pooler"]:
            shapes["pool"] = ((D,), ("fill", 0.0))
        return shapes
    if config["method"] == "lora":
        shapes = {}
        for name in config["linears"]:
            width_in, width_out = WIDTHS[name]
            shapes[name + ".a"] = ((width_in, config["rank"]), ("normal", (3 * width_in) ** -0.5))
            shapes[name + ".b"] = ((config["rank"], width_out), ("fill", 0.0))
        return shapes
    return {name: ((WIDTHS[name][1],), ("fill", 1.0)) for name in ("k", "v", "up")}


def ranks_by_layer(config):
    """The rank of each layer: `rank`, or `ranks` as three numbers for the first, middle and last third."""
    return [config["ranks"][3 * i // LAYERS] for i in range(LAYERS)] if "ranks" in config else [config.get("rank", 0)] * LAYERS


def new_adapters(config, seeds, device):
    """Parameters [LAYERS, K, …], float32, each run from its own seed."""
    parameters = {}
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    for name, (shape, (how, value)) in adapter_shapes(config).items():
        if how == "fill":
            tensor = torch.full((LAYERS, len(seeds), *shape), value)
        else:
            tensor = torch.stack([torch.randn(LAYERS, *shape, generator=g) * value for g in generators], 1)
        if name == "down" and "ranks" in config:  # a column and its row of W_up that begin at zero stay there
            for i, rank in enumerate(ranks_by_layer(config)):
                tensor[i, :, :, rank:] = 0
        parameters[name] = tensor.to(device).requires_grad_(True)
    return parameters


def count_parameters(config):
    own = [config | {"rank": rank} for rank in ranks_by_layer(config)]
    return sum(int(np.prod(shape)) for layer in own for shape, _ in adapter_shapes(layer).values())


def rms(x, gain):
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + EPS) * gain


def rope(x, cos, sin):
    """x [N, S, heads, HEAD_DIM], cos and sin [.., S, 1, HEAD_DIM / 2], in float32."""
    a, b = x[..., : HEAD_DIM // 2], x[..., HEAD_DIM // 2 :]
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


def rope_tables(length, device):
    angle = torch.arange(length, device=device)[:, None] * THETA ** (-torch.arange(0, HEAD_DIM, 2, device=device) / HEAD_DIM)
    return angle.cos(), angle.sin()


def pool(view, p, normed, mask, counts):
    """One vector a prompt [K, B, D] of normed [K, B, S, D]."""
    if view == "mean":
        return (normed * mask[..., None]).sum(2) / counts[..., None]
    if view == "last":
        index = (counts - 1).long()[..., None, None].expand(-1, -1, 1, D)
        return normed.gather(2, index)[:, :, 0]
    if view == "max":
        return normed.masked_fill(mask[..., None] == 0, -1e9).amax(2)
    scores = (normed * p["pool"][:, None, None]).sum(-1).masked_fill(mask == 0, -1e9)
    return (normed * scores.softmax(-1)[..., None]).sum(2)


ACTIVATIONS = {"gelu": F.gelu, "silu": F.silu, "tanh": torch.tanh}


def para_vectors(config, p, normed, mask, counts):
    """normed [K, B, S, D], mask [K, B, S] of the prompt, counts [K, B] → vectors by target, each [K, B, 1, width]."""
    pooled = torch.cat([pool(view, p, normed, mask, counts) for view in config["pooler"].split("+")], -1)
    if config.get("unit"):  # each prompt's pooled vector at the same length
        pooled = pooled * torch.rsqrt(pooled.square().mean(-1, keepdim=True) + EPS)
    delta = torch.bmm(ACTIVATIONS[config["activation"]](torch.bmm(pooled, p["down"])), p["up"])
    if config["bias"]:
        delta = delta + p["bias"][:, None]
    names = TARGETS[config["targets"]]
    return dict(zip(names, (1 + delta)[:, :, None].split([WIDTHS[n][1] for n in names], -1)))


def make_layer(config):
    """One decoder layer with K adapters. Two calls: a prompt or training row whole, or one token against a cache."""

    def adapt(name, x, y, p, vectors):
        """y, the linear's output [K, B, S, out] for the input x [K, B, S, in]."""
        if name in vectors:
            return y.float() * vectors[name]
        if config["method"] == "lora" and name in config["linears"]:
            k, b, s, width = x.shape
            more = -config["rank"] % 8  # products of a width that is no multiple of 8 are slow on a GPU
            a, b_ = F.pad(p[name + ".a"], (0, more)).to(x.dtype), F.pad(p[name + ".b"], (0, 0, 0, more)).to(x.dtype)
            update = torch.bmm(torch.bmm(x.reshape(k, b * s, width), a), b_)
            return y + config["scale"] * update.view(y.shape)
        return y

    def vectors_of(p, normed, mask, counts):
        if config["method"] == "para":
            return para_vectors(config, p, normed, mask, counts)
        return {name: p[name][:, None, None] for name in p} if config["method"] == "ia3" else {}

    def layer(h, weights, p, mask, counts, rotary, vectors, cache, at):
        """h [K, B, S, D] float32. With a cache (keys, values, visible) S is 1 and `vectors` are the prompt's."""
        qkv_w, o_w, gate_up_w, down_w, attn_norm, ffn_norm = weights
        k, b, s, _ = h.shape
        normed = rms(h, attn_norm)
        if vectors is None:
            vectors = vectors_of(p, normed, mask, counts)
        x = normed.to(qkv_w.dtype)
        q, key, value = F.linear(x, qkv_w).split([DQ, DKV, DKV], -1)
        q, key, value = (adapt(n, x, y, p, vectors) for n, y in zip("qkv", (q, key, value)))
        cos, sin = rotary
        q = rope(q.view(k * b, s, HEADS, HEAD_DIM), cos, sin).to(x.dtype)
        key = rope(key.view(k * b, s, KV_HEADS, HEAD_DIM), cos, sin).to(x.dtype)
        value = value.view(k * b, s, KV_HEADS, HEAD_DIM).to(x.dtype)
        if cache is None:
            out = F.scaled_dot_product_attention(
                q.transpose(1, 2), key.transpose(1, 2), value.transpose(1, 2), is_causal=True, enable_gqa=True
            ).transpose(1, 2)
        else:
            keys, values, visible = cache
            rows = torch.arange(k * b, device=h.device)
            keys[rows, :, at] = key[:, 0]
            values[rows, :, at] = value[:, 0]
            grouped = q.view(k * b, KV_HEADS, HEADS // KV_HEADS, HEAD_DIM)
            scores = (grouped @ keys.transpose(-1, -2)).float() * HEAD_DIM**-0.5 + visible
            out = scores.softmax(-1).to(x.dtype) @ values
        x = out.reshape(k, b, s, DQ)
        h = h + adapt("o", x, F.linear(x, o_w), p, vectors)
        x = rms(h, ffn_norm).to(qkv_w.dtype)
        gate, up = F.linear(x, gate_up_w).split([FFN, FFN], -1)
        gate, up = adapt("gate", x, gate, p, vectors), adapt("up", x, up, p, vectors)
        x = (F.silu(gate.float()) * up).to(x.dtype)
        h = h + adapt("down", x, F.linear(x, down_w), p, vectors)
        return h, key, value, vectors

    return layer


class TokenLoss(torch.autograd.Function):
    """Σ weight · cross-entropy over target positions, a few thousand logit rows at a time; the gradient comes along.

    Logits and their gradient are float32 (TF32 products on a GPU): bfloat16 keeps too few digits of a logit near 20.
    """

    @staticmethod
    def forward(ctx, hidden, head, labels, weights):
        total = torch.zeros((), device=hidden.device)
        gradient = torch.empty_like(hidden)
        for begin in range(0, len(labels), 8192):
            part = slice(begin, begin + 8192)
            p = torch.log_softmax(hidden[part] @ head.T, -1)
            total -= (p.gather(1, labels[part, None])[:, 0] * weights[part]).sum()
            p = p.exp_()
            p.scatter_add_(1, labels[part, None], torch.full_like(labels[part, None], -1, dtype=p.dtype))
            gradient[part] = p.mul_(weights[part, None]) @ head
        ctx.save_for_backward(gradient)
        return total

    @staticmethod
    def backward(ctx, scale):
        (gradient,) = ctx.saved_tensors
        return gradient * scale, None, None, None


def parse_index(blob):
    return json.loads(bytes(blob))
