"""The same work in PyTorch on the same card: peft eager with one LoRA a row, a captured CUDA graph, and LoRA training.

usage: reference.py HF_FOLDER OUT.json [--rows 64] [--cached 300]
"""
import argparse, json, time, warnings
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, DynamicCache

warnings.filterwarnings("ignore")
parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("out")
parser.add_argument("--rows", type=int, default=64)
parser.add_argument("--cached", type=int, default=300)
parser.add_argument("--only-train", action="store_true")
args = parser.parse_args()
torch.set_float32_matmul_precision("high")
device = "cuda" if torch.cuda.is_available() else "cpu"  # the CPU only rehearses
synchronize = torch.cuda.synchronize if device == "cuda" else lambda: None
results = {"torch": torch.__version__, "card": torch.cuda.get_device_name(0) if device == "cuda" else "none"}


def note(**values):
    results.update(values)
    print(json.dumps(values), flush=True)
    with open(args.out, "w") as file:
        json.dump(results, file)


def load(dtype):
    model = AutoModelForCausalLM.from_pretrained(args.folder, dtype=dtype, attn_implementation="sdpa")
    return model.to(device)


def lora(init):
    return LoraConfig(r=16, lora_alpha=32, target_modules=["q_proj", "v_proj", "up_proj"], lora_dropout=0.0, init_lora_weights=init, task_type="CAUSAL_LM")


def first_numbers(model):
    """The numbers that ours begins from: a [in, r], b [r, out] there; lora_A [r, in], lora_B [out, r] here."""
    given = load_file(args.folder + "/lora.safetensors")
    modules = {"q": "self_attn.q_proj", "v": "self_attn.v_proj", "up": "mlp.up_proj"}
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if not parameter.requires_grad:
                continue
            layer = name.split(".layers.")[1].split(".")[0]
            linear = next(short for short, module in modules.items() if f".{module}." in name)
            part = "a" if ".lora_A." in name else "b"
            parameter.copy_(given[f"layers.{layer}.{linear}.{part}"].T)


def train():
    model = get_peft_model(load(torch.float32), lora(True))
    tokens = torch.tensor(json.load(open(args.folder + "/batch.json"))).to(device)
    labels = tokens.clone()
    labels[:, : tokens.shape[1] // 2] = -100
    for name, autocast in (("tf32", False), ("bf16", True)):
        first_numbers(model)
        optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3, weight_decay=0.0)
        times, losses = [], []
        for _ in range(40 if device == "cuda" else 7):
            synchronize()
            start = time.perf_counter()
            with torch.autocast(device, torch.bfloat16, enabled=autocast):
                loss = model(input_ids=tokens, labels=labels).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
            synchronize()
            times.append(time.perf_counter() - start)
            losses.append(loss.item())
        step = sorted(times[5:])[len(times[5:]) // 2]
        note(**{f"peft_train_{name}": {"step_ms": step * 1000, "tokens_per_second": tokens.numel() / step, "first_loss": losses[0], "last_loss": losses[-1], "losses": [x for i, x in enumerate(losses) if len(losses) < 10 or i == 0 or (i + 1) % 10 == 0]}})


@torch.inference_mode()
def decode():
    rows, cached = args.rows, args.cached
    config = load(torch.float16)
    spec = config.config
    shape = (rows, spec.num_key_value_heads, cached, spec.head_dim)
    def cache():
        filled = DynamicCache()
        for layer in range(spec.num_hidden_layers):
            filled.update(torch.randn(shape, device=device, dtype=torch.float16), torch.randn(shape, device=device, dtype=torch.float16), layer)
        return filled
    ids = torch.randint(5, spec.vocab_size - 5, (rows, 1), device=device)
    def timed(call, count):
        times = []
        kept = cache()
        for _ in range(count):
            synchronize()
            start = time.perf_counter()
            call(kept)
            synchronize()
            times.append((time.perf_counter() - start) * 1000)
        return sorted(times[1:])[len(times[1:]) // 2]
    note(torch_eager_base_step_ms=timed(lambda kept: config(input_ids=ids, past_key_values=kept, use_cache=True).logits[:, -1].argmax(-1), 12))
    model = get_peft_model(config, lora(False), adapter_name="a0")
    start = time.perf_counter()
    for i in range(1, rows):
        model.add_adapter(f"a{i}", lora(False))
    model = model.to(device, torch.float16).eval()
    note(peft_adapters_seconds=time.perf_counter() - start)
    names = [f"a{i}" for i in range(rows)]
    note(peft_eager_step_ms=timed(lambda kept: model(input_ids=ids, past_key_values=kept, use_cache=True, adapter_names=names).logits[:, -1].argmax(-1), 8), peft_rows=rows)


train()
if not args.only_train:
    if device == "cuda":
        torch.cuda.empty_cache()
    decode()
