"""Made-up records and documents for `benchmarks.own_data`, the same on every run."""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Iterator
from pathlib import Path
from pydoc_data import topics

_ONSETS = ("b", "br", "d", "f", "g", "h", "j", "k", "kl", "l", "m", "n", "p", "r", "s", "sch", "st", "t", "v", "w", "z")
_CORES = ("a", "e", "i", "o", "u", "ie", "ei", "au", "oo", "ea")
_ENDS = ("", "n", "r", "s", "ck", "ld", "mann", "berg", "son", "ova", "ez", "ini", "ard", "elle")
_GIVEN = (
    "Anna Ben Clara David Emma Felix Grace Hugo Ida Jonas Karin Leon Maria Nina Oscar Paula Quentin Rosa Simon Tina "
    "Uwe Vera Will Xenia Yann Zoe Mark May Rose Jack Hope Grant Art Bill Dawn Faith Frank Joy Rich Sue Victor"
)
"""Real ones, those that are also ordinary words among them."""
_SURNAMES = (
    "Smith Baker Brown White Young King Hill Green Stone Wood Long Short Price Page Bell Cook Day English Field Ford "
    "Fox Frost Gold Hall Hand Law Marsh Moon Moss Power Rice Rose Sharp Sparks Strong Summers Waters Winter"
)


def _name(chance: random.Random) -> str:
    parts = chance.choice((1, 2, 2))
    return "".join(chance.choice(_ONSETS) + chance.choice(_CORES) for _ in range(parts)).capitalize() + chance.choice(
        _ENDS
    )


class People:
    """Customers by number: the same number is the same person on every run."""

    def __init__(self) -> None:
        chance = random.Random(7)
        self.given = _GIVEN.split() + [_name(chance) for _ in range(3_000)]
        self.surnames = _SURNAMES.split() + [_name(chance) for _ in range(40_000)]

    def record(self, number: int) -> tuple[str, str, str, str]:
        """customer_no, first, last, email."""
        mixed = (number + 1) * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF
        mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
        mixed ^= mixed >> 31
        first, last = self.given[mixed % len(self.given)], self.surnames[(mixed >> 20) % len(self.surnames)]
        email = f"{first}.{last}{(mixed >> 36) % 1000}@mail{(mixed >> 46) % 50}.example".lower()
        return f"KD-{(mixed >> 52) % 4096:04d}-{number:07d}", first, last, email


def written(kind: str, record: tuple[str, str, str, str], chance: random.Random) -> str:
    """A sentence that holds one value of a record, in one of the ways in which people write it."""
    number, first, last, email = record
    if kind == "customer_no":
        form = chance.choice((number, number.replace("-", " "), number.replace("-", ""), number.lower(), f"#{number}."))
        return f"Please look at account {form} before the end of the week."
    if kind == "email":
        form = chance.choice((email, email.upper(), f"<{email}>", f"mailto:{email}", f"({email}),"))
        return f"The invoice went to {form} and came back."
    form = chance.choice(
        (f"{first} {last}", f"{last}, {first}", f"{first.upper()} {last.upper()}", f"{first.lower()} {last.lower()}",
         f'"{first}","{last}"', f"{first}\t{last}")
    )  # fmt: skip
    return f"Yesterday {form} called about the contract."


def prose() -> str:
    """Running text that every Python carries: its reference manual."""
    return "\n".join(str(topics.topics[name]) for name in sorted(topics.topics))


def docstrings(limit: int) -> Iterator[str]:
    """The docstrings of the standard library, module by module."""
    total = 0
    for path in sorted(Path(ast.__file__).parent.glob("*.py")):
        try:
            tree = ast.parse(path.read_text("utf-8"))
        except (SyntaxError, UnicodeDecodeError):
            continue
        kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
        text = "\n".join(filter(None, (ast.get_docstring(node) for node in ast.walk(tree) if isinstance(node, kinds))))
        total += len(text)
        yield text
        if total > limit:
            return


class Documents:
    """Made-up reports: common phrases and sentences that are each document's own, over one vocabulary."""

    def __init__(self) -> None:
        words = re.findall(r"[a-z]{2,12}", prose().lower())
        ranks: dict[str, int] = {}
        for word in words:
            ranks[word] = ranks.get(word, 0) + 1
        self._words = sorted(ranks, key=lambda word: (-ranks[word], word))[:6_000]
        self._weights = [1 / (rank + 3) for rank in range(len(self._words))]
        chance = random.Random(11)
        self._phrases = [
            " ".join(chance.choices(self._words, self._weights, k=chance.randrange(3, 7))) for _ in range(4_000)
        ]

    def text(self, number: int, *, words: int = 900) -> str:
        """Document `number`: paragraphs of four to seven sentences."""
        chance = random.Random(1_000_003 * (number + 1))
        out: list[str] = []
        count = 0
        while count < words:
            sentences = []
            for _ in range(chance.randrange(4, 8)):
                parts = chance.choices(self._words, self._weights, k=chance.randrange(7, 18))
                for _ in range(chance.randrange(0, 3)):  # what everybody in the house writes
                    parts.insert(chance.randrange(len(parts)), chance.choice(self._phrases))
                sentence = " ".join(parts)
                count += sentence.count(" ") + 1
                sentences.append(sentence.capitalize() + chance.choice(".....?"))
            out.append(" ".join(sentences))
        return "\n\n".join(out)

    def edited(self, text: str, share: float, chance: random.Random) -> str:
        """`text` with a share of its words exchanged, left out or doubled."""
        out = []
        for word in text.split(" "):
            if chance.random() >= share:
                out.append(word)
                continue
            match chance.randrange(3):
                case 0:
                    out.append(chance.choices(self._words, self._weights)[0])
                case 1:
                    out += [word, word]
        return " ".join(out)
