"""K adapters of one kind trained at once, every step a replayed graph (captured.py)."""

import time

import numpy as np
import torch
import torch._dynamo

import adapted_llama as al
from batches import BATCH, Plan
from captured import Recorder


class Optimiser:
    """AdamW, each run clipped by its own gradient norm, with its own rates: one captured step for all of them."""

    def __init__(self, parameters, runs, steps, device):
        self.parameters = parameters
        self.gradients, self.m, self.v = ({n: torch.zeros_like(p) for n, p in parameters.items()} for _ in range(3))
        self.step_number = torch.zeros(1, dtype=torch.long, device=device)
        self.norm = torch.zeros(len(runs), device=device)
        factors = np.zeros((steps + 1, len(runs)), np.float32)
        for k, run in enumerate(runs):
            warmup = max(1, round(run.get("warmup", 0.06) * steps))
            for step in range(1, steps + 1):
                factors[step, k] = run["rate"] * min(step / warmup, (steps - step + 1) / max(1, steps - warmup))
        t = np.arange(steps + 1, dtype=np.float64)
        tables = (factors, (1 - 0.9**t).astype(np.float32), np.sqrt(1 - 0.999**t).astype(np.float32))
        self.rates, self.first, self.second = (torch.from_numpy(x).to(device) for x in tables)
        # a tensor may learn at a multiple of the run's rate, and be drawn towards zero
        self.multiples = {n: torch.tensor([run.get("multiples", {}).get(n, 1.0) for run in runs], device=device) for n in parameters}
        self.decays = {n: torch.tensor([run.get("decays", {}).get(n, 0.0) for run in runs], device=device) for n in parameters}

    @torch.no_grad()
    def step(self):
        self.step_number += 1
        rates = self.rates[self.step_number][0]
        first, second = self.first[self.step_number], self.second[self.step_number]
        self.norm.copy_(sum(g.square().flatten(2).sum((0, 2)) for g in self.gradients.values()).sqrt())
        factor = (1 / (self.norm + 1e-6)).clamp(max=1)
        for name, p in self.parameters.items():
            shape = (1, -1) + (1,) * (p.dim() - 2)
            rate = (rates * self.multiples[name]).view(shape)
            g, m, v = self.gradients[name], self.m[name], self.v[name]
            g.mul_(factor.view(shape))
            m.lerp_(g, 0.1)
            v.lerp_(g.square(), 0.001)
            update = (m / first) / (v.sqrt() / second + 1e-8) + p * self.decays[name].view(shape)
            p.sub_(update * rate)
            g.zero_()


class Training:
    """One data set, one kind of adapter, K runs."""

    def __init__(self, base, config, runs, rows, epochs, device, layer, cap, capture):
        self.base, self.config, self.rows, self.device, self.layer = base, config, rows, device, layer
        self.plain = al.make_layer(config)
        seeds = [run["seed"] for run in runs]
        self.k = len(runs)
        self.plan = Plan(rows, seeds, epochs, cap, device)
        self.parameters = al.new_adapters(config, seeds, device)
        with torch.no_grad():
            for k, run in enumerate(runs):
                for name, factor in run.get("start", {}).items():
                    self.parameters[name][:, k] *= factor
        self.optimiser = Optimiser(self.parameters, runs, self.plan.steps, device)
        self.cos, self.sin = (t[:, None] for t in al.rope_tables(1100, device))
        self.loss = torch.zeros((), device=device)
        self.recorder = Recorder(device, capture)
        self.update = self.recorder.capture(self.optimiser.step)
        self.accumulate = {}

    def gradient(self, layer, shape, numbers):
        """(Σ of the K runs' losses, gradients by name) of one micro-batch whose numbers (batches.Plan) are given."""
        size, columns, targets = shape
        k, n = self.k, self.k * size
        picked = numbers[:n].long()
        places, labels, bits = numbers[n:].view(3, targets)
        weights = bits.view(torch.float32)
        tokens = self.rows.tokens[picked][:, :columns]
        counts = self.rows.counts[picked].view(k, size)
        mask = (torch.arange(columns, device=self.device) < counts[..., None]).float()
        # with a gradient from the first layer on, so that all layers are one compiled function
        h = self.base["embed"][tokens].view(k, size, columns, al.D).requires_grad_()
        counts, rotary = counts.float(), (self.cos[:columns].clone(), self.sin[:columns].clone())
        for tensor, axes in ((h, (1, 2)), (mask, (1, 2)), (counts, (1,)), (rotary[0], (0,)), (rotary[1], (0,))):
            for axis in axes:
                torch._dynamo.maybe_mark_dynamic(tensor, axis)
        by_layer = {name: p.unbind(0) for name, p in self.parameters.items()}
        for i, weight in enumerate(self.base["layers"]):
            h = layer(h, weight, {n: p[i] for n, p in by_layer.items()}, mask, counts, rotary, None, None, None)[0]
        hidden = al.rms(h.reshape(-1, al.D).index_select(0, places.long()), self.base["final_norm"])
        loss = al.TokenLoss.apply(hidden, self.base["embed"], labels.long(), weights)
        return loss.detach(), dict(zip(self.parameters, torch.autograd.grad(loss, list(self.parameters.values()))))

    def accumulator(self, shape):
        """The captured micro-step of a shape, with the tensor it reads its numbers from."""
        if shape not in self.accumulate:
            size, _, targets = shape
            numbers = torch.zeros(self.k * size + 3 * targets, dtype=torch.int32, device=self.device)

            def run():
                loss, gradients = self.gradient(self.layer, shape, numbers)
                self.loss += loss
                for name, g in gradients.items():
                    self.optimiser.gradients[name].add_(g)

            self.accumulate[shape] = (self.recorder.capture(run), numbers)
        return self.accumulate[shape]

    def run(self, deadline, most_steps=None):
        """Trains all runs. False when the deadline came first."""
        self.began = time.time()
        micro = self.plan.micro
        for index, (step, shape, at) in enumerate(micro):
            if step == most_steps:
                break
            call, numbers = self.accumulator(shape)
            numbers.copy_(self.plan.numbers[at : at + len(numbers)])
            call()
            if index + 1 == len(micro) or micro[index + 1][0] != step:
                self.update()
                if step % 40 == 39:
                    if self.device == "cuda":
                        torch.cuda.current_stream().synchronize()
                    if time.time() > deadline:
                        return False
        if self.device == "cuda":
            torch.cuda.synchronize()
        self.seconds = time.time() - self.began
        return True

    def free(self):
        """Gives back all but the parameters."""
        self.accumulate.clear()
        del self.update, self.optimiser

    def check(self):
        """How far the step as it ran is from plain eager code on the last micro-batch: relative differences of loss and
        of the gradient."""
        _, shape, at = self.plan.micro[-1]
        call, numbers = self.accumulator(shape)
        numbers.copy_(self.plan.numbers[at : at + len(numbers)])
        self.loss.zero_()
        for g in self.optimiser.gradients.values():
            g.zero_()
        call()
        try:
            loss, gradients = self.gradient(self.plain, shape, numbers)
        except torch.OutOfMemoryError:
            return "no memory for plain code"
        ours = torch.cat([g.flatten() for g in self.optimiser.gradients.values()])
        theirs = torch.cat([g.flatten() for g in gradients.values()])
        return {
            "loss": float((self.loss - loss).abs() / loss),
            "gradient": float((ours - theirs).norm() / theirs.norm()),
            "last_loss": float(self.loss) / self.k * BATCH / shape[0],
        }
