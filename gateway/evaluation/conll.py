"""CoNLL: one token a line, a blank line between sentences, the label in one of the columns.

Read are CoNLL-2003 (four columns, label last), any other with the label last (IOB, IOB2, BIOES, BILOU), and files like
CoNLL-U as Universal NER has them (`#` comments, a leading number, token, label; `SpaceAfter=No` somewhere in a line
joins a token to the next).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from gateway.errors import ConfigurationError
from gateway.evaluation.words import Label, Sample

_TAG: Final = re.compile(r"(?:O|([BIESLUM])[-_](\S+))")
_NUMBER: Final = re.compile(r"\d+(?:[-.]\d+)?")
_NO_SPACE: Final = "SpaceAfter=No"


@dataclass(slots=True)
class _Sentence:
    """The tokens of one sentence as they are read."""

    line: int
    text: str = ""
    tokens: list[tuple[int, int]] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    glued: bool = True

    def add(self, token: str, tag: str, *, space_after: bool) -> None:
        if not self.glued:
            self.text += " "
        start = len(self.text)
        self.text += token
        self.tokens.append((start, len(self.text)))
        self.tags.append(tag)
        self.glued = not space_after


def read_conll(text: str, name: str) -> Iterator[Sample]:
    """One sample for each sentence. Raises ConfigurationError, as `file:line: what`, for a line without a label."""
    rows = text.split("\n")
    columns = _columns(rows, name)
    sentence = _Sentence(0)
    for number, row in enumerate([*rows, ""], 1):
        line = row.rstrip("\r")
        if _is_comment(line, columns) or line.startswith("-DOCSTART-"):
            continue
        if not line.strip():
            if sentence.tokens:
                yield _sample(sentence, name)
            sentence = _Sentence(number + 1)
            continue
        fields = _fields(line)
        where = f"{name}:{number}"
        if len(fields) <= max(columns):
            raise ConfigurationError(f"{where}: expected at least {max(columns) + 1} columns, found {len(fields)}")
        token, tag = fields[columns[0]], fields[columns[1]]
        if _TAG.fullmatch(tag) is None:
            raise ConfigurationError(f"{where}: column {columns[1] + 1} holds no label (O, B-..., I-..., E-..., S-...)")
        if not sentence.tokens:
            sentence.line = number
        sentence.add(token, tag, space_after=_NO_SPACE not in line)


def _fields(line: str) -> list[str]:
    return line.split("\t") if "\t" in line else line.split()


def _is_comment(line: str, columns: tuple[int, int]) -> bool:
    # In files without a leading number a token may be `#` itself; then a label stands behind it.
    return line.startswith("#") and (columns[0] == 1 or _TAG.fullmatch((_fields(line) or [""])[-1]) is None)


def _columns(rows: list[str], name: str) -> tuple[int, int]:
    """Which column holds the token and which the label, from the first lines of the file."""
    lines = [row.rstrip("\r") for row in rows[:2000] if row.strip() and not row.startswith(("#", "-DOCSTART-"))][:200]
    fields = [_fields(line) for line in lines]
    width = min(map(len, fields), default=0)
    if width < 2:
        raise ConfigurationError(f"{name}:1: neither JSONL nor CoNLL (a token and a label on each line)")
    numbered = width > 2 and all(_NUMBER.fullmatch(row[0]) for row in fields)
    token = 1 if numbered else 0
    tagged = [
        column for column in range(token + 1, width) if all(_TAG.fullmatch(row[column].strip()) for row in fields)
    ]
    if not tagged:
        raise ConfigurationError(f"{name}:1: no column of labels (O, B-..., I-..., E-..., S-...)")
    # CoNLL-2003 has chunks (B-NP) in the column before; names stand last. Numbered files have them behind the token.
    return token, tagged[0] if numbered else tagged[-1]


def _sample(sentence: _Sentence, name: str) -> Sample:
    labels: list[Label] = []
    kind, start, end = "", 0, 0
    for (low, high), tag in zip(sentence.tokens, sentence.tags, strict=True):
        match = _TAG.fullmatch(tag)
        mark, new = (match.group(1), match.group(2)) if match else (None, None)
        if kind and (new != kind or mark in ("B", "S", "U")):
            labels.append(Label(start, end, kind))
            kind = ""
        if new:
            start, end, kind = (start if kind else low), high, new
            if mark in ("E", "L", "S", "U"):
                labels.append(Label(start, end, kind))
                kind = ""
    if kind:
        labels.append(Label(start, end, kind))
    return Sample(sentence.text, tuple(labels), f"{name}:{sentence.line}", tuple(sentence.tokens))
