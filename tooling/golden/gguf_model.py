"""The reference side of the golden files: a GGUF file as `transformers` and `tokenizers` (Rust) see it.

Needs: torch, transformers, tokenizers, gguf, numpy. Shares no code with the product.
"""

import gguf
import numpy as np
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM

LAYER_TENSORS = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def _field(reader, key):
    return reader.fields[key].contents()


def load_state(path):
    """(config, state dict in fp32): blocks dequantised by the `gguf` package, rotary row order of transformers."""
    reader = gguf.GGUFReader(path)
    heads = _field(reader, "llama.attention.head_count")
    kv_heads = _field(reader, "llama.attention.head_count_kv")
    config = LlamaConfig(
        hidden_size=_field(reader, "llama.embedding_length"),
        intermediate_size=_field(reader, "llama.feed_forward_length"),
        num_hidden_layers=_field(reader, "llama.block_count"),
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        vocab_size=_field(reader, "llama.vocab_size"),
        rope_theta=_field(reader, "llama.rope.freq_base"),
        rms_norm_eps=1e-5,
        max_position_embeddings=_field(reader, "llama.context_length"),
        tie_word_embeddings=True,
        bos_token_id=1,
        eos_token_id=2,
    )
    state = {}
    for tensor in reader.tensors:
        data = torch.from_numpy(gguf.dequantize(tensor.data, tensor.tensor_type).astype(np.float32).copy())
        parts = tensor.name.split(".")
        if parts[0] == "token_embd":
            state["model.embed_tokens.weight"] = data
        elif parts[0] == "output_norm":
            state["model.norm.weight"] = data
        else:
            _, layer, name, _ = parts
            if name in ("attn_q", "attn_k"):
                count = heads if name == "attn_q" else kv_heads
                rows, columns = data.shape
                data = data.reshape(count, rows // count // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)
            state[f"model.layers.{layer}.{LAYER_TENSORS[name]}.weight"] = data.contiguous()
    state["lm_head.weight"] = state["model.embed_tokens.weight"]
    return config, state


def load_model(path):
    config, state = load_state(path)
    config._attn_implementation = "eager"
    model = LlamaForCausalLM(config).float().eval()
    model.load_state_dict(state)
    return model


def load_tokenizer(path):
    """The vocabulary and merges of the file in the Rust tokenizers, pre-tokenizer `smollm`."""
    reader = gguf.GGUFReader(path)
    assert _field(reader, "tokenizer.ggml.pre") == "smollm"
    tokens = _field(reader, "tokenizer.ggml.tokens")
    types = _field(reader, "tokenizer.ggml.token_type")
    merges = [tuple(merge.split(" ")) for merge in _field(reader, "tokenizer.ggml.merges")]
    tokenizer = Tokenizer(models.BPE(vocab={token: i for i, token in enumerate(tokens)}, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(
        [AddedToken(token, normalized=False, special=True) for token, kind in zip(tokens, types) if kind == 3]
    )
    return tokenizer


def load_chat_template(path):
    return _field(gguf.GGUFReader(path), "tokenizer.chat_template")
