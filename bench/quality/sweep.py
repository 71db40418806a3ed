"""The quality sweep: PARA, LoRA and (IA)³ on six data sets, two learning rates and three seeds at once.

    python bench/quality/sweep.py --carry DIR --out FILE.jsonl --jobs squad,text-to-sql,banking77:para-wide-last@4

One worker a card takes one (data set, method) at a time, trains its six runs in one batch with recorded steps
(training.py), and answers the validation and test rows with each (answering.py). Every finished run is one JSON line,
so that a cut loses nothing. Choose by `valid`, report `test`. `--rehearse` runs all of it on invented weights and rows.
"""

import argparse
import gc
import json
import multiprocessing
import os
import time
import traceback
from pathlib import Path

import numpy as np
import torch
import torch._dynamo

import adapted_llama as al
from answering import Answering
from batches import Rows, invented_rows, read_rows
from captured import Recorder
from methods import METHODS, TASKS, parse_jobs, runs_of
from scoring import Text, score
from training import Training


def prepare_device(number):
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.set_num_threads(2)
    torch._dynamo.config.recompile_limit = 64
    if device == "cuda":
        torch.cuda.set_device(number % torch.cuda.device_count())
        torch.cuda.set_stream(torch.cuda.Stream())  # the default stream can't be recorded
    torch.backends.cuda.matmul.allow_tf32 = True
    return device, torch.bfloat16 if device == "cuda" else torch.float32


def layer_of(config, compiled):
    layer = al.make_layer(config)
    torch._dynamo.reset()  # all kinds of adapters share this code, and must not be compiled as one
    return torch.compile(layer) if compiled else layer


class Source:
    """Weights and rows, of the carried files or invented."""

    def __init__(self, args, device, dtype):
        self.args, self.device, self.rows = args, device, {}
        if args.rehearse:
            self.base, self.text = al.invented_base(device, dtype), lambda ids: " ".join(map(str, ids))
            return
        carry = Path(args.carry)
        with np.load(carry / "data.npz") as file:
            self.data = {name: file[name] for name in file.files}
        self.base = al.load_base([carry / "model.0", carry / "model.1"], al.parse_index(self.data["index"]), device, dtype)
        self.text = Text(self.data["vocabulary"])

    def splits(self, task):
        """train, and valid and test as one, with the number of valid rows."""
        if task not in self.rows:
            if self.args.rehearse:
                train, valid, test = (invented_rows(n, seed) for n, seed in ((32, 0), (8, 1), (24, 2)))
            else:
                train, valid, test = (read_rows(self.data, task, s, self.args.rows or None) for s in ("train", "valid", "test"))
            asked = Rows(valid[0] + test[0], valid[1] + test[1], self.device)
            self.rows = {task: (Rows(*train, self.device), asked, len(valid[0]))}  # one task at a time is kept
        return self.rows[task]


def do_job(job, source, args, device, deadline):
    """Trains and answers one job: (JSON lines, what to print). None when the deadline came first."""
    task, method, epochs, rates = job
    began = time.time()
    config, runs = runs_of(method, rates)
    train, asked, n_valid = source.splits(task)
    layer = layer_of(config, args.compile)
    training = Training(source.base, config, runs, train, epochs, device, layer, args.cap, not args.eager)
    if not training.run(deadline, args.steps or None):
        return None
    trained = time.time()
    check = training.check() if args.check else None
    recorded, shapes = training.recorder.recorded, len(training.accumulate)
    training.free()
    empty_cache(device)
    checked = time.time()
    recorder = Recorder(device, training.recorder.enabled)
    answering = Answering(source.base, config, {n: p.detach() for n, p in training.parameters.items()}, recorder, device)
    answers = answering.answers(asked, TASKS[task][1])
    answered = time.time()
    speed = training.plan.tokens / training.seconds
    about = {"task": task, "method": method, "config": config, "parameters": al.count_parameters(config)}
    lines = []
    for k, run in enumerate(runs):
        parts = {"valid": slice(0, n_valid), "test": slice(n_valid, None)}
        scores = {name: score(answers[k][part], asked.answers[part], source.text) for name, part in parts.items()}
        extras = {name: value for name, value in run.items() if name not in ("rate", "seed")}
        lines.append(about | extras | {"epochs": epochs, "learning_rate": run["rate"], "seed": run["seed"], "steps": training.plan.steps} | scores)
    report = (
        f"{task} {method}: {training.plan.tokens} tokens, {shapes} shapes, set up {training.began - began:.1f} s, "
        f"trained {training.seconds:.1f} s ({speed:.0f}/s), check {checked - trained:.1f} s, answered {answered - checked:.1f} s, "
        f"{recorded + recorder.recorded} graphs, {memory():.0f} GB, check {check}, failure {training.recorder.failure or recorder.failure}"
    )
    return lines, report


def empty_cache(device):
    """Gives memory back to the card; graphs and what they hold know each other."""
    if device == "cuda":
        gc.collect()
        torch.cuda.empty_cache()


def memory():
    """The most that was held of the card so far, in GB."""
    return torch.cuda.max_memory_reserved() / 1e9 if torch.cuda.is_available() else 0.0


def take(queue, tokens_of, speed, left):
    """The first job that the time left suffices for, or None."""
    for index, job in enumerate(list(queue)):
        if tokens_of(job) / speed < left:
            try:
                queue.remove(job)
                return job
            except ValueError:  # the other worker was faster
                return take(queue, tokens_of, speed, left)
    return None


def work(number, args, queue, began):
    device, dtype = prepare_device(number)
    if args.layers:
        al.LAYERS = args.layers
    source = Source(args, device, dtype)
    deadline = began + args.deadline
    speed = 60_000.0  # tokens a second, answers included; a low guess until the first job is done

    def say(text):
        print(f"[{time.time() - began:4.0f} s, worker {number}] {text}", flush=True)

    def tokens_of(job):
        name, method, epochs, rates = job
        lengths = 64 if args.rehearse else sum(int(source.data[f"{name}/train/{x}_lengths"].sum()) for x in ("prompts", "answers"))
        return epochs * lengths * len(runs_of(method, rates)[1])

    say("ready")
    while (job := take(queue, tokens_of, speed, deadline - time.time())) is not None:
        started = time.time()
        try:
            result = do_job(job, source, args, device, deadline)
        except torch.OutOfMemoryError as error:
            say(f"{job} out of memory at {args.cap} positions, tried again with half: {str(error)[:200]}")
            args.cap //= 2
            result = "again"
        except Exception:  # noqa: BLE001: one job's failure must not cost the others
            say(f"{job} failed\n{traceback.format_exc()[-2500:]}")
            if args.compile:
                args.compile, result = False, "again"
                args.cap = min(args.cap, 12288)  # plain code keeps more
            else:
                continue
        empty_cache(device)
        if result is None:
            say(f"{job} met the deadline")
            break
        if result == "again":
            queue.insert(0, job)
            continue
        lines, report = result
        with open(f"{args.out}.{number}", "a") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)
        speed = tokens_of(job) / (time.time() - started)
        say(report)
        say(f"{job[1]} of {job[0]}: " + ", ".join(f"{x['learning_rate']}/{x['seed']}: {x['valid'][TASKS[job[0]][2]]:.1f} {x['test'][TASKS[job[0]][2]]:.1f}" for x in lines))


def warm(number, args, names, began):
    """Fills the compiler's cache for some methods with a small model, so that the workers find it there."""
    device, dtype = prepare_device(number)
    al.LAYERS = 2
    if device == "cuda":
        torch.cuda.set_per_process_memory_fraction(0.06)
    base = al.invented_base(device, dtype)
    rows = Rows(*invented_rows(64, 0), device)
    while True:
        try:
            name, count = names.pop(0)
        except IndexError:
            return
        started = time.time()
        try:
            config, runs = runs_of(name, (1e-3,) * count)
            training = Training(base, config, runs, rows, 2, device, layer_of(config, True), 3072, not args.eager)
            training.run(started + 1e9)
            report = f"{training.recorder.recorded} graphs, check {training.check()}, failure {training.recorder.failure}"
            print(f"[{time.time() - began:4.0f} s] warm {name} in {time.time() - started:.1f} s, {report}", flush=True)
        except Exception:  # noqa: BLE001: the worker will say it again, or do without
            print(f"warm {name} failed\n{traceback.format_exc()[-1500:]}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--carry", default="")
    parser.add_argument("--out", default="/dev/null")
    parser.add_argument("--jobs", default="squad,text-to-sql,gsm8k", help="task[:method;method][@epochs], by value")
    parser.add_argument("--skip", default="", help="a file of results: what is in it is not done again")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--warm", type=int, default=0, help="processes that compile ahead")
    parser.add_argument("--warm-only", action="store_true")
    parser.add_argument("--deadline", type=float, default=1e9, help="seconds from the start")
    parser.add_argument("--cap", type=int, default=24576, help="most positions of a micro-batch, all runs together")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--eager", action="store_true", help="record no graphs")
    parser.add_argument("--check", action="store_true", help="compare the recorded step with plain code after each job")
    parser.add_argument("--rehearse", action="store_true")
    parser.add_argument("--rows", type=int, default=0, help="rows of each split, for a rehearsal")
    parser.add_argument("--steps", type=int, default=0, help="most steps, for a rehearsal")
    parser.add_argument("--layers", type=int, default=0, help="layers of the model, for a rehearsal")
    args = parser.parse_args()
    began = time.time()
    jobs = parse_jobs(args.jobs)
    if os.path.exists(args.skip):
        lines = map(json.loads, Path(args.skip).read_text().splitlines())
        done = {(line["task"], line["method"], line.get("epochs", TASKS[line["task"]][0])) for line in lines}
        jobs = [job for job in jobs if job[:3] not in done]
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager:
        queue = manager.list([] if args.warm_only else jobs)
        named = [(method, len(rates or METHODS[method][1])) for _, method, _, rates in jobs]
        names = list(dict.fromkeys(named))
        # what the workers begin with they compile themselves
        names = manager.list(names if args.warm_only else [n for n in names if n not in named[: args.workers]])
        warmers = [context.Process(target=warm, args=(i, args, names, began)) for i in range(args.warm)]
        workers = [context.Process(target=work, args=(i, args, queue, began)) for i in range(0 if args.warm_only else args.workers)]
        for process in workers + warmers:
            process.start()
        for process in workers + warmers:
            process.join()
    with open(args.out, "a") as file:
        for i in range(args.workers):
            if os.path.exists(f"{args.out}.{i}"):
                file.write(Path(f"{args.out}.{i}").read_text())


if __name__ == "__main__":
    main()
