"""Numbers that somebody issued: a shape, a checksum where there is one, and the words that stand beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from presidio_analyzer import PatternRecognizer

from dlp_recognizers.boundaries import alone, in_column, in_prose, json_number, strangers
from dlp_recognizers.gates import SIX_DIGITS
from dlp_recognizers.linear import Judge, LinearRecognizer, Near, Shape, Verdict, worded
from dlp_recognizers.page import Page


@dataclass(frozen=True, slots=True)
class Number:
    """One way to write a number. Scores are 0..1; 0 means that it is no hit then."""

    entity: str
    regex: str
    words: str
    """Words of its kind, in any letter case; `\\b` also stands beside an underscore."""
    valid: Callable[[str], bool] | None = None
    """The checksum, over the value without separators, in capitals. None: there is none."""
    alone: float = 0.0
    """Of a valid one without context."""
    prose: float = 0.0
    """Of a valid one without context in running text."""
    named: float = 0.9
    """Of a valid one with a word near."""
    unsure: float = 0.0
    """Of one with a word near and a wrong checksum."""
    squeeze: bool = True
    """Whether separators are taken out before the checksum."""
    before: int = 60
    """How far ahead of the number a word may stand, in characters."""
    gate: str = SIX_DIGITS
    """What stands in every text that holds one, where no word is needed."""

    @property
    def gated(self) -> bool:
        """Whether only a word makes it a hit, so that the word itself can gate the pattern."""
        return not self.alone and not self.prose


def presidio(reference: type[PatternRecognizer]) -> Callable[[str], bool]:
    """The checksum of one of Presidio's recognizers. Made at its first use."""
    made: list[PatternRecognizer] = []

    def valid(value: str) -> bool:
        if not made:
            made.append(reference())  # type: ignore[call-arg]
        return made[0].validate_result(value) is not False

    return valid


_SEPARATORS = str.maketrans("", "", " -./\u00a0")


def _total(valid: Callable[[str], bool]) -> Callable[[str], bool]:
    """`valid`, which says no where it stumbles: the tables of some checks have holes, and a hole is no number."""

    def total(value: str) -> bool:
        try:
            return valid(value)
        except (ArithmeticError, AttributeError, LookupError, ValueError):
            return False

    return total


def _judge(number: Number) -> Judge:
    near = Near(number.words, before=number.before)
    valid = None if number.valid is None else _total(number.valid)

    def judge(page: Page, start: int, end: int) -> Verdict:
        if not alone(page, start, end):
            return None
        named = near(page, start, end)
        if number.gated and not named:
            return None
        text = page.text[start:end]
        if not named and not _stands_alone(number, page, start, end):
            return None
        value = (text.translate(_SEPARATORS) if number.squeeze else text).upper()
        if valid is not None and not valid(value):
            return (start, end, number.unsure) if named and number.unsure else None
        if named:
            return (start, end, number.named)
        if number.alone:
            return (start, end, number.alone)
        # One in ten counters passes a checksum; the others of its column do not.
        alike = valid is None or all(valid(other) for other in strangers(page, start, end)[:8])
        return (start, end, number.prose) if alike else None

    return judge


def _stands_alone(number: Number, page: Page, start: int, end: int) -> bool:
    """Whether a number may stand in this place without a word of its kind. Cheaper than most checksums."""
    if (" " in page.text[start:end] and in_column(page, start, end)) or json_number(page, start, end):
        return False
    return bool(number.alone) or in_prose(page, start, end)


def recognizers_of(numbers: Iterable[Number]) -> list[LinearRecognizer]:
    """One recognizer for each entity of a table."""
    shapes: dict[str, list[Shape]] = {}
    for number in numbers:
        made = shapes.setdefault(number.entity, [])
        gate = f"(?i){worded(number.words)}" if number.gated else number.gate
        made.append(Shape(f"shape {len(made)}", number.regex, judge=_judge(number), retry=True, gate=gate))
    return [LinearRecognizer(entity, made, name=entity.lower()) for entity, made in shapes.items()]
