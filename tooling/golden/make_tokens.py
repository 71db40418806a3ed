"""Hard strings through the Rust `tokenizers`, built from the GGUF's own vocabulary.

    python tooling/golden/make_tokens.py MODEL.gguf packages/models/golden/tokens.json
"""

import hashlib
import json
import random
import sys

from gguf_model import load_tokenizer

HARD = [
    "",
    " ",
    "\n",
    "\n\n\n",
    " \n \t\t  x",
    "trailing spaces   ",
    "   leading",
    "a  b   c    d",
    "tabs\tand\r\nwindows\r\nlines",
    "don't can't I'll we've they're he'd 'S 'LL it's",
    "1234567890",
    "3.14159 1,000,000 €5.00 12/05/2024 0x1F 1e-9",
    "٠١٢٣ ৪৫ ½ ² Ⅷ 五",
    "naïve café Zürich straße ŒUVRE",
    "e\u0301 (combining) vs \u00e9",
    "日本語のテキストと漢字、ひらがな。",
    "中文没有空格",
    "한국어 문장입니다",
    "Привет, мир! Ёлка",
    "مرحبا بالعالم",
    "שלום עולם",
    "हिन्दी देवनागरी",
    "ไทยไม่มีช่องว่าง",
    "😀 😃👍🏽 👩‍👩‍👧‍👦 🇫🇷 ❤️",
    "\u200b zero\u200dwidth \ufeff bom \u00a0nbsp\u2003em\u3000ideographic",
    "\x00\x01\x1f\x7f control",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𐍈 🂡",
    "<|im_start|>user\nHi<|im_end|>\n",
    "a<|im_end|>b <|im_end|> <|endoftext|>",
    "<|im_start|> <|not_a_token|> <|im_end",
    "for (int i = 0; i < n; ++i) { x[i] += 2; }",
    "def f(x):\n\treturn x**2  # comment\n",
    "SELECT COUNT(*) FROM t WHERE a >= 10 AND b != 'x';",
    "<html><body class=\"a\">&nbsp;</body></html>",
    "https://example.org/a?b=c&d=%20#frag user@example.org",
    "{\"key\": [1, 2.5, null, true], \"s\": \"a\\nb\"}",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "!!!???...---___===***",
    "ALLCAPS MixedCase camelCase snake_case kebab-case",
    "\u2028line\u2029paragraph\u0085next",
]


def random_strings(count):
    random.seed(20)
    alphabet = list("ab 1\n\t'é日😀.,-_\u00a0S") + ["  ", "<|im_end|>", "the", " the", "12"]
    return ["".join(random.choices(alphabet, k=random.randint(1, 40))) for _ in range(count)]


def main(model_path, out_path):
    tokenizer = load_tokenizer(model_path)
    cases = []
    for text in HARD + random_strings(200):
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        cases.append({"text": text, "ids": ids, "decoded": tokenizer.decode(ids, skip_special_tokens=True)})
    with open(model_path, "rb") as file:
        sha = hashlib.sha256(file.read()).hexdigest()
    with open(out_path, "w") as file:
        file.write(json.dumps({"model_sha256": sha})[:-1] + ', "cases": [\n')
        file.write(",\n".join(json.dumps(case) for case in cases) + "\n]}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
