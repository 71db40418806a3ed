"""llama.cpp through llama-cpp-python: decode rates at a cached length, one JSON line a measurement.

python peer_llama.py <model.gguf> <work folder> <cached tokens> <steps> <threads> [plain]

`plain` leaves out the repacked weight buffers (AMX among them), which crash on some machines.

Measures the file as it is, and Q8_0 made from it. Rows of the base model share one context and one batch; a row with an
adapter is measured alone, for llama.cpp applies an adapter to a whole context.
"""
import ctypes
import json
import os
import statistics
import struct
import sys
import time

import llama_cpp as llama
import numpy as np

path, work, cached, steps, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
plain = "plain" in sys.argv[6:]
os.makedirs(work, exist_ok=True)
llama.llama_backend_init()


def load(file):
    params = llama.llama_model_default_params()
    params.n_gpu_layers = 0
    params.use_extra_bufts = not plain
    model = llama.llama_model_load_from_file(file.encode(), params)
    assert model, file
    return model


def q8(file):
    target = os.path.join(work, "peer-q8_0.gguf")
    if not os.path.exists(target):
        params = llama.llama_model_quantize_default_params()
        params.ftype = 7  # LLAMA_FTYPE_MOSTLY_Q8_0
        params.allow_requantize = True
        params.nthread = threads
        assert llama.llama_model_quantize(file.encode(), (target + ".part").encode(), ctypes.byref(params)) == 0
        os.rename(target + ".part", target)
    return target


def write_lora(file, rank=16):
    """A rank-16 LoRA on all linears of SmolLM2-135M, in float16, small random numbers."""
    widths = {
        "attn_q": (576, 576), "attn_k": (576, 192), "attn_v": (576, 192), "attn_output": (576, 576),
        "ffn_gate": (576, 1536), "ffn_up": (576, 1536), "ffn_down": (1536, 576),
    }
    random = np.random.default_rng(1)
    tensors = []
    for layer in range(30):
        for name, (inputs, outputs) in widths.items():
            for part, shape in (("a", (rank, inputs)), ("b", (outputs, rank))):
                data = (random.standard_normal(shape) * 0.01).astype(np.float16)
                tensors.append((f"blk.{layer}.{name}.weight.lora_{part}", data))
    text = lambda s: struct.pack("<Q", len(s.encode())) + s.encode()
    pairs = [("general.type", 8, text("adapter")), ("general.architecture", 8, text("llama")),
             ("adapter.type", 8, text("lora")), ("adapter.lora.alpha", 6, struct.pack("<f", 16.0))]
    out = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(pairs))
    for key, kind, value in pairs:
        out += text(key) + struct.pack("<I", kind) + value
    offset = 0
    for name, data in tensors:
        out += text(name) + struct.pack("<I", 2) + struct.pack("<QQ", data.shape[1], data.shape[0])
        out += struct.pack("<IQ", 1, offset)
        offset += (data.nbytes + 31) // 32 * 32
    out += b"\0" * (-len(out) % 32)
    for _, data in tensors:
        out += data.tobytes() + b"\0" * (-data.nbytes % 32)
    with open(file, "wb") as handle:
        handle.write(out)


def context(model, rows):
    params = llama.llama_context_default_params()
    params.n_ctx = rows * 512
    params.n_batch = 512
    params.n_ubatch = 512
    params.n_seq_max = rows
    params.n_threads = threads
    params.n_threads_batch = threads
    params.no_perf = True
    ctx = llama.llama_init_from_model(model, params)
    assert ctx
    return ctx


def decode(ctx, batch, entries):
    """entries: (token, position, row, wants logits)"""
    batch.n_tokens = len(entries)
    for i, (token, position, row, wanted) in enumerate(entries):
        batch.token[i], batch.pos[i], batch.n_seq_id[i], batch.logits[i] = token, position, 1, wanted
        batch.seq_id[i][0] = row
    code = llama.llama_decode(ctx, batch)
    assert code == 0, code


def rate(ctx, rows, vocab):
    """Tokens a second of `rows` rows that decode together, greedily, after `cached` tokens each."""
    batch = llama.llama_batch_init(512, 0, 1)
    llama.llama_memory_clear(llama.llama_get_memory(ctx), True)
    for row in range(rows):
        decode(ctx, batch, [(1000 + (row * 37 + i * 11) % 20000, i, row, i + 1 == cached) for i in range(cached)])
    tokens = [500 + row for row in range(rows)]
    samples = []
    for step in range(steps):
        start = time.perf_counter()
        decode(ctx, batch, [(tokens[row], cached + step, row, True) for row in range(rows)])
        for row in range(rows):
            logits = np.ctypeslib.as_array(llama.llama_get_logits_ith(ctx, row), shape=(vocab,))
            tokens[row] = int(logits.argmax())
        samples.append(time.perf_counter() - start)
    llama.llama_batch_free(batch)
    return rows / statistics.median(samples)


def report(**line):
    print(json.dumps(line), flush=True)


lora_file = os.path.join(work, "peer-lora-r16.gguf")
write_lora(lora_file)
for weights, file in (("Q4_1", path), ("Q8_0", q8(path))):
    model = load(file)
    vocab = llama.llama_vocab_n_tokens(llama.llama_model_get_vocab(model))
    for rows in (1, 16, 32):
        ctx = context(model, rows)
        report(peer="llama-cpp-python" + (" (no repacking)" if plain else ""), weights=weights, rows=rows, lora=False, rate=rate(ctx, rows, vocab))
        llama.llama_free(ctx)
    ctx = context(model, 1)
    adapter = llama.llama_adapter_lora_init(model, lora_file.encode())
    assert adapter
    adapters = (llama.llama_adapter_lora_p_ctypes * 1)(adapter)
    scales = (ctypes.c_float * 1)(1.0)
    assert llama.llama_set_adapters_lora(ctx, adapters, 1, scales) == 0
    report(peer="llama-cpp-python" + (" (no repacking)" if plain else ""), weights=weights, rows=1, lora=True, rate=rate(ctx, 1, vocab))
    llama.llama_free(ctx)
    llama.llama_model_free(model)
