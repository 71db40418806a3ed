"""Data sets on the device, the order of their rows, and the static shapes that a run's micro-batches come in."""

import numpy as np
import torch

END_OF_TURN = 2
BATCH = 16
# Few widths, so that few graphs are recorded; positions beyond a row are masked, targets beyond the last weigh 0.
COLUMNS = [32, 48, 64, 80, 96, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640, 704, 768, 832, 896]
TARGETS = [64, 256, 512, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 12288, 16384, 24576, 32768]


def at_least(sizes, size):
    return next(x for x in sizes if x >= size)


class Rows:
    """One split on the device: tokens [n, columns] right-padded, with lengths."""

    def __init__(self, prompts, answers, device):
        self.prompts, self.answers = prompts, answers
        self.prompt_lengths = np.array([len(x) for x in prompts])
        self.answer_lengths = np.array([len(x) for x in answers])
        self.lengths = self.prompt_lengths + self.answer_lengths
        tokens = np.full((len(prompts), at_least(COLUMNS, self.lengths.max())), END_OF_TURN)
        for row, (p, a) in enumerate(zip(prompts, answers)):
            tokens[row, : len(p)], tokens[row, len(p) : len(p) + len(a)] = p, a
        self.tokens = torch.from_numpy(tokens).to(device)
        self.counts = torch.from_numpy(self.prompt_lengths).to(device)


def read_rows(data, task, split, limit):
    """prepare.py's arrays → token lists of the prompts and of the answers."""

    def lists(name):
        flat, lengths = data[f"{task}/{split}/{name}"], data[f"{task}/{split}/{name}_lengths"]
        return [x.astype(np.int64) for x in np.split(flat, np.cumsum(lengths)[:-1])][:limit]

    return lists("prompts"), lists("answers")


def invented_rows(n, seed, longest=60):
    """Rows for a rehearsal without the data: the answer repeats the prompt's first tokens, a pattern to learn."""
    r = np.random.default_rng(seed)
    prompts = [r.integers(100, 200, r.integers(8, longest)) for _ in range(n)]
    return prompts, [np.append(p[: r.integers(1, 6)], END_OF_TURN) for p in prompts]


def epoch_order(lengths, seed, epoch, batches_a_chunk=8):
    """Shuffled batches of rows of like length: sorted within chunks, the chunk's batches in an order all runs share."""
    order = np.random.default_rng([seed, epoch]).permutation(len(lengths))
    batches = []
    for number, begin in enumerate(range(0, len(order) - BATCH + 1, BATCH * batches_a_chunk)):
        chunk = order[begin : begin + BATCH * batches_a_chunk]
        chunk = chunk[: len(chunk) // BATCH * BATCH]
        chunk = chunk[np.argsort(lengths[chunk], kind="stable")].reshape(-1, BATCH)
        batches.extend(chunk[np.random.default_rng([epoch, number]).permutation(len(chunk))])
    return batches


class Plan:
    """All micro-batches of K runs, packed in one tensor: `micro` lists (step, shape, first number) in order.

    A shape is (B rows a run, columns, targets). A micro-batch's numbers: row numbers [K · B], then for each target its
    place among the K · B · columns positions, its token, and its weight as the bits of a float32.
    """

    def __init__(self, rows, seeds, epochs, cap, device):
        orders = [sum((epoch_order(rows.lengths, seed, e) for e in range(epochs)), []) for seed in seeds]
        self.steps, k = len(orders[0]), len(seeds)
        self.micro, pieces, self.tokens = [], [], 0
        at = 0
        for step in range(self.steps):
            picked = np.stack([order[step] for order in orders])
            columns = at_least(COLUMNS, rows.lengths[picked].max())
            size = BATCH
            while size > 1 and k * size * columns > cap:
                size //= 2
            weights = (1 / rows.answer_lengths[picked].sum(1)).astype(np.float32)
            for begin in range(0, BATCH, size):
                part = picked[:, begin : begin + size].ravel()
                begins, lengths = rows.prompt_lengths[part], rows.answer_lengths[part]
                targets = int(lengths.sum())
                padded = at_least(TARGETS, targets)
                numbers = np.zeros(len(part) + 3 * padded, np.int32)
                row = np.repeat(np.arange(len(part)), lengths)
                within = np.arange(targets) - np.repeat(np.cumsum(lengths) - lengths, lengths)
                places, labels, bits = numbers[len(part) :].reshape(3, padded)
                places[targets:] = np.arange(padded - targets) % (len(part) * columns)  # spread: their gradients, 0, are added up
                places[:targets] = row * columns + begins[row] - 1 + within
                labels[:targets] = np.concatenate([rows.answers[i] for i in part])
                bits[:targets] = weights[row // size].view(np.int32)
                numbers[: len(part)] = part
                self.micro.append((step, (size, columns, padded), at))
                pieces.append(numbers)
                at += len(numbers)
            self.tokens += int(rows.lengths[picked].sum())
        self.numbers = torch.from_numpy(np.concatenate(pieces)).to(device)
