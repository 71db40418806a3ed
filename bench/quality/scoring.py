"""Token ids to text, and how an answer is judged."""

import re


class Text:
    """Token ids → text by GPT-2's alphabet of bytes."""

    def __init__(self, vocabulary):
        printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
        characters = {chr(b): b for b in printable}
        characters |= {chr(256 + i): b for i, b in enumerate(b for b in range(256) if b not in printable)}
        self.bytes = [
            bytes(characters[c] for c in name) if all(c in characters for c in name) else name.encode()
            for name in bytes(vocabulary).decode().split("\n")
        ]

    def __call__(self, ids):
        return b"".join(self.bytes[i] for i in ids).decode("utf-8", "replace")


def normal(text):
    """SQuAD's normalisation: lower case, no punctuation, no articles."""
    text = re.sub(r"[^\w\s]", "", text.lower())
    return re.sub(r"\b(a|an|the)\b", " ", text).split()


def score(answers, expected, text):
    """Exact match of the whole answer, SQuAD's F1 of its words, and the number behind `####`, in per cent."""
    exact = f1 = number = 0
    for ids, wanted in zip(answers, expected, strict=True):
        got, want = text(ids).strip(), text(wanted[:-1]).strip()
        exact += got == want
        a, b = normal(got), normal(want)
        common = sum(min(a.count(w), b.count(w)) for w in set(a))
        f1 += 2 * common / (len(a) + len(b)) if common else float(a == b)
        if "####" in want:
            number += got.split("####")[-1].strip() == want.split("####")[-1].strip() and "####" in got
    n = len(expected) / 100
    return {"exact": exact / n, "f1": f1 / n, "number": number / n}
