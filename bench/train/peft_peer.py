"""The other side of the training benchmark: PyPI `peft` LoRA over `transformers`, fp32 on CPU: peft_peer.py FOLDER.

Needs torch, transformers, peft. A plain loop: no Trainer, no data loader, nothing but the steps is timed.
"""

import json
import resource
import sys
import time
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaForCausalLM

folder = Path(sys.argv[1])
plan = json.loads((folder / "plan.json").read_text())
torch.set_num_threads(plan["threads"])
model = LlamaForCausalLM.from_pretrained(folder / "transformers", dtype=torch.float32, attn_implementation="sdpa")
config = LoraConfig(r=16, lora_alpha=32, lora_dropout=0.0, target_modules=["q_proj", "v_proj", "up_proj"])
model = get_peft_model(model, config)
first = json.loads((folder / "lora.json").read_text())
where = {"q": "self_attn.q_proj", "v": "self_attn.v_proj", "up": "mlp.up_proj"}
with torch.no_grad():
    for name, numbers in first.items():
        _, layer, linear, _ = name.split(".")
        module = model.get_submodule(f"base_model.model.model.layers.{layer}.{where[linear]}")
        weight = module.lora_A["default"].weight  # [r, in]
        weight.copy_(torch.tensor(numbers).view(weight.shape[1], weight.shape[0]).T)
trained = [p for p in model.parameters() if p.requires_grad]
optimizer = torch.optim.AdamW(trained, lr=1.0, weight_decay=0.0)


def tensors(step):
    rows, columns = step["sequences"], step["columns"]
    ids = torch.zeros(len(rows), columns, dtype=torch.long)
    labels = torch.full((len(rows), columns), -100)
    mask = torch.zeros(len(rows), columns, dtype=torch.long)
    for i, row in enumerate(rows):
        n = len(row["tokens"])
        ids[i, :n] = torch.tensor(row["tokens"])
        labels[i, row["promptTokens"] : n] = ids[i, row["promptTokens"] : n]
        mask[i, :n] = 1
    return ids, mask, labels, int(mask.sum())


losses, seconds, tokens, cpu_seconds = [], [], 0, 0.0
model.train()
for i, step in enumerate(plan["steps"]):
    ids, mask, labels, count = tensors(step)
    start, cpu = time.perf_counter(), time.process_time()
    loss = model(input_ids=ids, attention_mask=mask, labels=labels).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(trained, plan["clipNorm"])
    for group in optimizer.param_groups:
        group["lr"] = step["learningRate"]
    optimizer.step()
    optimizer.zero_grad()
    took = time.perf_counter() - start
    losses.append(loss.item())
    if i == 0:
        continue
    seconds.append(took)
    cpu_seconds += time.process_time() - cpu
    tokens += count
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
model.eval()
total, targets = 0.0, 0
with torch.no_grad():
    for step in plan["valid"]:
        ids, mask, labels, _ = tensors(step)
        n = int((labels[:, 1:] != -100).sum())
        total += model(input_ids=ids, attention_mask=mask, labels=labels).loss.item() * n
        targets += n
print(
    json.dumps(
        {
            "tokensPerSecond": tokens / sum(seconds),
            "tokensPerCpuSecond": tokens / cpu_seconds,
            "stepSeconds": sum(seconds) / len(seconds),
            "losses": losses,
            "validLoss": total / targets,
            "peakMemoryBytes": peak,
        }
    )
)
