"""The last check before bytes leave: no value that had to go may still be there. Trusts nothing but the bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import unquote

import orjson

from gateway.errors import Refusal, Refused, internal_error
from gateway.model import Json, Redaction
from gateway.redaction.occurrences import ESCAPE_DEPTH, ValueSearch, unescape, worth_searching
from gateway.redaction.placeholders import LOOKALIKE

NUMBER_DIGITS: Final = 8
"""Numbers with fewer digits are never spans, so they are settings (`max_tokens`), not values."""


def verify(redaction: Redaction, target: str = "") -> None:
    """Parse the outgoing bytes back and look for every removed value in every string, key and number: as they stand and
    with their JSON escapes decoded, at token boundaries. `target` is the path and query that go with them. Values
    shorter than four characters are not looked for.

    Raises Refused: `llmgw_residual_value` if one is there, `llmgw_internal_error` if the bytes are not JSON.
    """
    if not any(map(worth_searching, redaction.removed)):
        return
    try:
        framing = redaction.framing
        tree: Json = orjson.loads(redaction.body) if framing is None else framing.load(redaction.body)
    except orjson.JSONDecodeError:
        raise Refused(internal_error()) from None
    check_texts(redaction.removed, (*_texts(tree), target, unquote(target)))


def check_texts(removed: Iterable[str], texts: Iterable[str]) -> None:
    """Look for every removed value in `texts`, in the same way. Raises Refused: `llmgw_residual_value`."""
    values = [value for value in removed if worth_searching(value)]
    if not values:
        return
    search = ValueSearch(values)
    for text in texts:
        for view in _views(text):
            if next(search.hits(view), None) is not None:
                raise Refused(_residual())


def _residual() -> Refusal:
    return Refusal(
        "llmgw_residual_value",
        400,
        "A value that had to be removed also stands in a part of this request that cannot be redacted (for example an "
        "identifier or a setting), so nothing was sent. Take the value out of that part and try again.",
    )


def _texts(tree: Json) -> Iterator[str]:
    stack: list[Json] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            yield node
        elif isinstance(node, dict):
            yield from node
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)
        elif isinstance(node, int | float) and not isinstance(node, bool):
            text = str(node)
            if sum(char.isdigit() for char in text) >= NUMBER_DIGITS:
                yield text


def _views(text: str) -> Iterator[str]:
    """The text, and what it says once its JSON escapes are decoded. Placeholders are blanked: a value may be a word
    that an entity's label holds, and no look-alike but our own is left in the bytes."""
    for _ in range(ESCAPE_DEPTH + 1):
        yield LOOKALIKE.sub("\0", text) if "[" in text else text
        if "\\" not in text:
            return
        inner = unescape(text)
        if inner == text:
            return
        text = inner
