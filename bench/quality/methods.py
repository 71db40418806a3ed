"""What is swept: data sets, adapters with their learning rates, and the order by value."""

# epochs, most new tokens, what valid and test are chosen and reported by
TASKS = {
    "copa": (10, 20, "exact"),
    "banking77": (3, 16, "exact"),
    "boolq": (4, 4, "exact"),
    "squad": (3, 40, "f1"),
    "text-to-sql": (2, 140, "exact"),
    "gsm8k": (2, 256, "number"),
}
SEEDS = [1, 2, 3]
ALL = ["q", "k", "v", "o", "gate", "up", "down"]
para = {"method": "para", "targets": "qvu", "bias": False, "rank": 12, "pooler": "mean", "activation": "gelu"}
wide = para | {"targets": "wide", "bias": True}
lora = {"method": "lora", "linears": ALL, "scale": 2.0}

# name → (adapter, two learning rates, what else a run differs in). Six runs a job: one compiled layer serves all.
METHODS = {
    "para": (para, [4e-3, 1e-2], {}),
    "para-wide": (wide, [4e-3, 1e-2], {}),
    "lora-qvu-r8": (lora | {"linears": ["q", "v", "up"], "rank": 8}, [1e-3, 3e-3], {}),
    "lora-all-r7": (lora | {"rank": 7}, [1e-3, 3e-3], {}),
    "ia3": ({"method": "ia3"}, [1e-2, 3e-2], {}),
    # what else the method allows, without adapter matrices in decoding
    "para-wide-rates": (wide, [2.5e-3, 6e-3], {}),
    "para-rates": (para, [2.5e-3, 6e-3], {}),
    "para-wide-last": (wide | {"pooler": "last"}, [4e-3, 1e-2], {}),
    "para-wide-max": (wide | {"pooler": "max"}, [1e-3, 4e-3], {}),
    "para-wide-attention": (wide | {"pooler": "attention"}, [4e-3, 1e-2], {}),
    "para-wide-mean+last": (wide | {"pooler": "mean+last"}, [4e-3, 1e-2], {}),
    "para-wide-mean+max": (wide | {"pooler": "mean+max"}, [2.5e-3, 4e-3], {}),
    "para-wide-attention+last": (wide | {"pooler": "attention+last"}, [4e-3, 6e-3], {}),
    "para-wide-silu": (wide | {"activation": "silu"}, [4e-3, 1e-2], {}),
    "para-wide-tanh": (wide | {"activation": "tanh"}, [4e-3, 1e-2], {}),
    "para-wide-r4": (wide | {"rank": 4}, [4e-3, 1e-2], {}),
    "para-wide-r24": (wide | {"rank": 24}, [2.5e-3, 4e-3], {}),
    "para-wide-ranks-down": (wide | {"rank": 20, "ranks": [20, 12, 4]}, [4e-3, 6e-3], {}),
    "para-wide-ranks-up": (wide | {"rank": 20, "ranks": [4, 12, 20]}, [4e-3, 6e-3], {}),
    "para-wide-unit": (wide | {"unit": True}, [4e-3, 1e-2], {}),
    "para-wide-up-x4": (wide, [1e-3, 2e-3], {"multiples": {"up": 4.0, "bias": 4.0}}),
    "para-wide-bias-x4": (wide, [2.5e-3, 4e-3], {"multiples": {"bias": 4.0}}),
    "para-wide-warmup-20": (wide, [4e-3, 1e-2], {"warmup": 0.2}),
    "para-wide-decay": (wide, [4e-3, 6e-3], {"decays": {"up": 0.3, "bias": 0.1}}),
    "para-wide-start-half": (wide, [4e-3, 6e-3], {"start": {"down": 0.5}}),
    "para-wide-start-double": (wide, [4e-3, 6e-3], {"start": {"down": 2.0}}),
    "para-wide-no-bias": (wide | {"bias": False}, [4e-3, 1e-2], {}),
    "para-bias": (para | {"bias": True}, [4e-3, 1e-2], {}),
    "para-last": (para | {"pooler": "last"}, [4e-3, 1e-2], {}),
    "para-r24": (para | {"rank": 24}, [4e-3, 1e-2], {}),
    "para-mean+last": (para | {"pooler": "mean+last"}, [4e-3, 1e-2], {}),
    "lora-all-r3": (lora | {"rank": 3}, [1e-3, 3e-3], {}),
    "lora-all-rates": (lora | {"rank": 7}, [2e-3, 5e-3], {}),
}
MAIN = ["para-wide", "lora-all-r7", "para", "lora-qvu-r8", "ia3"]


def runs_of(method, rates=None):
    """Adapter, and the runs of a job: each learning rate with each seed."""
    config, usual, extras = METHODS[method]
    return config, [{"rate": rate, "seed": seed} | extras for rate in rates or usual for seed in SEEDS]


def parse_jobs(text):
    """`squad`, `banking77:para-wide-last;para-r24@4`, `gsm8k:ia3=0.01` (data set, methods with a learning rate of their
    own, epochs) → (task, method, epochs, learning rates)."""
    jobs = []
    for item in filter(None, text.split(",")):
        item, _, epochs = item.partition("@")
        task, _, methods = item.partition(":")
        for name in methods.split(";") if methods else MAIN:
            name, _, rate = name.partition("=")
            if name not in METHODS or task not in TASKS:
                raise SystemExit(f"{task}:{name} is unknown; see bench/quality/methods.py")
            jobs.append((task, name, int(epochs) if epochs else TASKS[task][0], (float(rate),) if rate else None))
    return jobs
