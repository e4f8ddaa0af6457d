"""What stands beside a match: the neighbours decide whether digits are a value or a piece of something longer."""

from __future__ import annotations

from dlp_recognizers.page import Page

_JOINTS = frozenset(".-/:_+")


def alone(page: Page, start: int, end: int) -> bool:
    """Whether [start, end) is no piece of a longer word or number (`1.2.3`, `a1`, `2024-01`, `12:30`)."""
    left, right = page.char(start - 1), page.char(end)
    if left.isalnum() or left == "_" or right.isalnum() or right == "_":
        return False
    if left in _JOINTS and (page.char(start - 2).isdigit() or page.char(start - 2) == "_"):
        return False
    return not (right in _JOINTS and page.char(end + 1).isdigit())


def in_column(page: Page, start: int, end: int) -> bool:
    """Whether digits written with blanks go on to either side: a row of figures rather than one value."""
    left = page.char(start - 1) in " \t" and page.char(start - 2).isdigit()
    right = page.char(end) in " \t" and page.char(end + 1).isdigit()
    return left or right


def in_prose(page: Page, start: int, end: int) -> bool:
    """Whether a bare run of digits stands in running text and not among other figures or in code."""
    left, right = page.char(start - 1), page.char(end)
    stop = right == "." and page.char(end + 1) in " \n"
    if left not in " \t\n\"'([:;>|*`_" or (right not in " \t\n\"')],;?!<|*`_" and not stop):
        return False
    low, high = page.line(start, limit=14)
    around = page.text[low:start] + page.text[end : max(end, high)]
    return sum(char.isdigit() for char in around) < 4


def json_number(page: Page, start: int, end: int) -> bool:
    """Whether a bare run of digits is a number of a JSON document, whose key says nothing: a counter, not an id."""
    if not page.text[start:end].isdigit():
        return False
    left = page.text[max(0, start - 24) : start]
    bare = left.rstrip(" \n")
    if bare[-2:] == '":':
        return page.char(end) in ",\n}] "
    in_list = (bare[-1:] == "[" and page.char(end) != "]") or (bare[-1:] == "," and "\n" in left)
    return in_list and page.char(end) in ",\n]"


def strangers(page: Page, start: int, end: int) -> list[str]:
    """The runs of digits nearby that are as long as [start, end): the rest of a column."""
    low = max(0, start - 240)
    nearby = page.text[low:start].split() + page.text[end : end + 240].split()
    return [word for each in nearby if len(word := each.strip("\"',;|[](){}:")) == end - start and word.isdigit()]


def digits(text: str) -> str:
    """The decimal digits of `text`."""
    return "".join(char for char in text if "0" <= char <= "9")
