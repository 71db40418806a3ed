"""Losses and gradients of adapted tiny models by PyTorch autograd over `transformers`' Llama, in float64.

    npx tsx packages/para/src/testing/export-gradient-cases.ts DIR
    python tooling/golden/make_gradients.py DIR packages/para/golden/gradients.json

The adapters hang on forward hooks, written from the formulas alone: no code is shared with the product.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors import safe_open
from transformers import LlamaForCausalLM

WHERE = {
    "q": "self_attn.q_proj",
    "k": "self_attn.k_proj",
    "v": "self_attn.v_proj",
    "o": "self_attn.o_proj",
    "gate": "mlp.gate_proj",
    "up": "mlp.up_proj",
    "down": "mlp.down_proj",
}
TARGETS = {"qvu": ["q", "v", "up"], "wide": ["q", "k", "v", "o", "gate", "up", "down"]}


def pool(config, tensors, normed, prompts):
    rows = []
    for row, length in enumerate(prompts):
        h = normed[row, :length]
        if config["pooler"] == "mean":
            rows.append(h.mean(0))
        elif config["pooler"] == "last":
            rows.append(h[-1])
        elif config["pooler"] == "max":
            rows.append(h.max(0).values)
        else:
            rows.append(torch.softmax(h @ tensors["pool"], 0) @ h)
    return torch.stack(rows)


def activate(config, tensors, x):
    if config["activation"] == "gelu":
        return torch.nn.functional.gelu(x)
    if config["activation"] == "silu":
        return torch.nn.functional.silu(x)
    a0, a1, a2, a3, b1, b2 = tensors["rational"]
    return (a0 + a1 * x + a2 * x**2 + a3 * x**3) / (1 + (b1 * x + b2 * x**2).abs())


def hang(model, config, parameters, prompts):
    handles = []
    for index, layer in enumerate(model.model.layers):
        prefix = f"layers.{index}."
        tensors = {k[len(prefix):]: v for k, v in parameters.items() if k.startswith(prefix)}
        modules = dict(layer.named_modules())
        vectors = {}
        if config["method"] == "para":

            def generate(_, __, normed, tensors=tensors, vectors=vectors):
                inner = activate(config, tensors, pool(config, tensors, normed, prompts) @ tensors["down"])
                delta = inner @ tensors["up"] + (tensors["bias"] if config["bias"] else 0)
                names = TARGETS[config["targets"]]
                widths = [modules_width(modules, name) for name in names]
                for name, part in zip(names, (1 + delta).split(widths, -1)):
                    vectors[name] = part[:, None]

            handles.append(layer.input_layernorm.register_forward_hook(generate))
        for name, where in WHERE.items():

            def adapt(_, inputs, output, name=name, tensors=tensors, vectors=vectors):
                if config["method"] == "para":
                    return output * vectors[name] if name in vectors else output
                if config["method"] == "ia3":
                    return output * tensors[f"{name}.scale"] if f"{name}.scale" in tensors else output
                if f"{name}.a" not in tensors:
                    return output
                update = inputs[0] @ tensors[f"{name}.a"] @ tensors[f"{name}.b"]
                return output + config["alpha"] / config["rank"] * update

            handles.append(modules[where].register_forward_hook(adapt))
    return handles


def modules_width(modules, name):
    return modules[WHERE[name]].out_features


def main(folder, out_path):
    folder = Path(folder)
    batch = json.loads((folder / "batch.json").read_text())
    model = LlamaForCausalLM.from_pretrained(folder / "model", dtype=torch.float64, attn_implementation="eager")
    model.requires_grad_(False)
    tokens = torch.tensor(batch["tokens"])
    cases = {}
    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(path, "pt") as file:
            config = json.loads(file.metadata()["parapet"])["config"]
            parameters = {k: file.get_tensor(k).double().requires_grad_(True) for k in file.keys()}
        handles = hang(model, config, parameters, batch["promptTokens"])
        logits = model(tokens).logits  # causal: right padding is never seen by a token before it
        losses = []
        for row, (prompt, length) in enumerate(zip(batch["promptTokens"], batch["lengths"])):
            losses.append(
                torch.nn.functional.cross_entropy(
                    logits[row, prompt - 1 : length - 1], tokens[row, prompt:length], reduction="none"
                )
            )
        loss = torch.cat(losses).mean()
        loss.backward()
        for handle in handles:
            handle.remove()
        cases[path.stem] = {
            "loss": loss.item(),
            "gradients": {k: [float(f"{x:.10g}") for x in v.grad.flatten().tolist()] for k, v in parameters.items()},
        }
        print(path.stem, loss.item())
    Path(out_path).write_text(json.dumps({"base_digest": batch["baseDigest"], "cases": cases}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
