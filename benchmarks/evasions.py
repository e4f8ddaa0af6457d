"""The evasion set: values that no reader would miss, written so that a matcher might. A seed gives the same set.

`make eval` calls `measure`; run alone it prints one line for each way of writing: found, level raised, passed.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from benchmarks.evasion_forms import FORMS, Form
from benchmarks.evasion_values import KINDS
from benchmarks.evasion_words import BEGIN, END
from dlp_recognizers.local import LocalScanner
from dlp_recognizers.worker import Engine
from gateway.model import Finding, ScanResult, TextSpan

SEED = 20_26
RAISES = "OBFUSCATION"
"""The entity that says: something is hidden here."""
_AROUND = ("Hello, please have a look at this: ", " - and tell me what you think about it.")


@runtime_checkable
class Scans(Protocol):
    """What finds: the scanner of the product, without its processes."""

    def scan_sync(self, spans: Sequence[TextSpan]) -> ScanResult: ...


@dataclass(frozen=True, slots=True)
class Variant:
    """One value, written in one way."""

    form: str
    kind: str
    value: str = field(repr=False)
    spans: tuple[TextSpan, ...] = field(repr=False)
    hidden: tuple[tuple[int, int, int], ...]
    """Span, start and end of each stretch that the value is written in."""


@dataclass(frozen=True, slots=True)
class Row:
    """What became of the variants of one form."""

    form: str
    found: int
    raised: int
    passed: int

    @property
    def total(self) -> int:
        return self.found + self.raised + self.passed


def variants(seed: int = SEED) -> Iterator[Variant]:
    """Every kind of value in every form that can hold it."""
    for form in FORMS:
        for kind in KINDS:
            if not form.holds(kind.shape):
                continue
            rng = random.Random(f"{seed} {form.name} {kind.name}")
            value = kind.make(rng)
            yield _variant(form, kind.name, kind.context, value, rng)


def _variant(form: Form, kind: str, context: str, value: str, rng: random.Random) -> Variant:
    spans: list[TextSpan] = []
    hidden: list[tuple[int, int, int]] = []
    for index, (path, piece) in enumerate(form.write(value, context, rng)):
        before, after = _AROUND if not form.bare else ("", "")
        before += context if index == 0 and not form.bare else ""
        lead, piece, rest = _marked(piece)
        before, after = before + lead, rest + after
        spans.append(TextSpan(path, f"{before}{piece}{after}"))
        hidden.append((index, len(before), len(before) + len(piece)))
    return Variant(form.name, kind, value, tuple(spans), tuple(hidden))


def _marked(piece: str) -> tuple[str, str, str]:
    """What stands before the value, the value, and what stands behind it, where a form tells them apart."""
    if BEGIN not in piece:
        return "", piece, ""
    before, _, rest = piece.partition(BEGIN)
    value, _, after = rest.partition(END)
    return before, value, after


def outcome(variant: Variant, scanner: Scans) -> str:
    """`found`, `raised` or `passed`."""
    result = scanner.scan_sync(variant.spans)
    if not result.complete:
        return "raised"  # a scan that is not complete refuses the request
    findings = [each for each in result.findings if each.score >= 0.5]
    if _open_characters(variant, [each for each in findings if each.entity != RAISES]) <= _slack(variant):
        return "found"
    return "raised" if any(each.entity == RAISES for each in findings) else "passed"


def _slack(variant: Variant) -> float:
    """Letters of the wrapping that may stay (`join`, `b64decode`, a tag), never a part of the value worth the name."""
    hidden = sum(end - start for _, start, end in variant.hidden)
    alnum = sum(char.isalnum() for char in variant.value)
    return 2 if hidden < 2 * len(variant.value) else max(3, 0.25 * alnum)


def _open_characters(variant: Variant, findings: Sequence[Finding]) -> int:
    """How many letters and digits of the value are in none of the findings."""
    left = 0
    wanted = {char.lower() for char in variant.value if char.isalnum()}
    for index, start, end in variant.hidden:
        text = variant.spans[index].text
        covered: set[int] = set()
        for each in findings:
            if each.span == index:
                covered.update(range(each.start, each.end))
        open_places = [place for place in range(start, end) if place not in covered and text[place].isalnum()]
        left += len(open_places) if wanted else 0
    return left


def measure(engine: Scans | Engine, seed: int = SEED) -> list[Row]:
    """One row for each form, in the order of the forms. Takes a scanner, or an engine to make one of."""
    scanner = engine if isinstance(engine, Scans) else LocalScanner(engine)
    counts: dict[str, dict[str, int]] = {}
    for variant in variants(seed):
        row = counts.setdefault(variant.form, {"found": 0, "raised": 0, "passed": 0})
        row[outcome(variant, scanner)] += 1
    return [Row(form, **row) for form, row in counts.items()]


def main() -> None:
    """Print the table; with `-v` also the kinds that passed."""
    from dlp_recognizers.engine import create

    scanner = LocalScanner(create({}))
    rows = measure(scanner)
    for row in rows:
        print(f"{row.form:34} found {row.found:3}  raised {row.raised:3}  passed {row.passed:3}")
    total, passed = sum(row.total for row in rows), sum(row.passed for row in rows)
    print(f"{total} variants, {sum(row.found for row in rows)} found, {passed} passed: {1 - passed / total:.3f}")
    if "-v" in sys.argv:
        missed = [each for each in variants() if outcome(each, scanner) == "passed"]
        print(*(f"  {each.form}: {each.kind}" for each in missed), sep="\n")


if __name__ == "__main__":
    main()
