"""JSON as every reader must understand it: one meaning or a refusal (RFC 8259, narrowed to I-JSON, RFC 7493).

What two parsers may read differently (duplicate keys, numbers beyond double or 64 bit, lone surrogates, byte order
marks) is refused, because the gateway would otherwise inspect one document and the upstream would answer another.
The work is done by CPython's C scanner; Python code runs only per object, per number, and once over the containers.
"""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal
from typing import Any, Final, NoReturn

import orjson

from gateway.errors import Refusal, Refused
from gateway.model import Json

_SURROGATE_ESCAPE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_NUL_ESCAPE: Final = b"\\u0000"
_INT_MIN: Final = -(2**63)
_INT_MAX: Final = 2**64 - 1
_INT_CHARS: Final = 20
"""Characters of the longest 64-bit integer, sign included."""
_SIGNIFICANT_DIGITS: Final = 17
"""Decimal digits that an IEEE 754 double can tell apart at most."""
_EXACT_INTEGERS: Final = float(2**53)

_WHAT: Final = (
    ("Extra data", "something follows the document"),
    ("Unterminated string", "a string is not closed"),
    ("Invalid control character", "a string holds an unescaped control character"),
    ("Invalid \\", "a string holds an escape that JSON does not know"),
    ("Expecting property name", "a property name in double quotes is missing (or a comma is too many)"),
    ("Illegal trailing comma", "a comma is too many"),
    ("Expecting ':'", "a colon is missing"),
    ("Expecting ','", "a comma or closing bracket is missing"),
)


def _refuse(what: str) -> NoReturn:
    raise Refused(
        Refusal("llmgw_invalid_json", 400, f"The request body is not acceptable JSON: {what}. Send plain UTF-8 JSON.")
    )


def _integer(text: str) -> int:
    if text == "-0":
        _refuse("a number is negative zero")
    if len(text) <= _INT_CHARS:
        value = int(text)
        if _INT_MIN <= value <= _INT_MAX:
            return value
    _refuse("an integer needs more than 64 bits; send it as a string")


def _real(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        _refuse("a number is too large for a double")
    if value == 0.0 and text.lower().partition("e")[0].strip("-0."):
        _refuse("a number is too small for a double")
    if len(text) > _SIGNIFICANT_DIGITS and _significant_digits(text) > _SIGNIFICANT_DIGITS:
        _refuse("a number has more than 17 significant digits; send it as a string")
    if abs(value) > _EXACT_INTEGERS and Decimal(text) != Decimal(repr(value)):
        _refuse("a number cannot be kept exactly in a double; send it as a string")
    return value


def _significant_digits(text: str) -> int:
    return len(text.lower().partition("e")[0].lstrip("-").replace(".", "").strip("0"))


def _constant(text: str) -> NoReturn:
    del text
    _refuse("NaN and Infinity are not JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        _refuse("an object names the same key twice")
    return made


def _object_without_nul(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if any("\0" in key for key, _ in pairs):
        _refuse("a key holds a NUL character")
    return _object(pairs)


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_real, parse_constant=_constant
)
_NUL_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object_without_nul, parse_int=_integer, parse_float=_real, parse_constant=_constant
)


def _text(data: bytes) -> str:
    if data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        _refuse("it begins with a byte order mark")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        at = error.start
    _refuse(f"byte {at} is not UTF-8")


def _syntax(error: json.JSONDecodeError) -> str:
    what = next((words for prefix, words in _WHAT if error.msg.startswith(prefix)), "a value is missing or malformed")
    if error.doc[: error.pos].rstrip(" \t\r\n").endswith(",") and error.doc[error.pos : error.pos + 1] in "]}":
        what = "a comma is too many"  # Python 3.13 says so itself
    return f"line {error.lineno}, column {error.colno}: {what}"


def _deeper_than(tree: Json, bound: int) -> bool:
    """Whether containers nest deeper than `bound`, level by level, without recursion."""
    level: list[Any] = [tree] if isinstance(tree, (dict, list)) else []
    depth = 0
    while level:
        depth += 1
        if depth > bound:
            return True
        level = [
            value
            for container in level
            for value in (container.values() if type(container) is dict else container)
            if type(value) is dict or type(value) is list
        ]
    return False


def loads(data: bytes, *, max_depth: int = 64) -> Json:
    """The JSON document in `data`, which must be UTF-8 without a byte order mark and have one meaning only.

    `max_depth` bounds nested containers. Integers keep their value (64 bit), other numbers are doubles. Raises Refused
    with `llmgw_invalid_json` (status 400); the message tells what is wrong and, for syntax, the line and column, and
    never quotes the text.
    """
    text = _text(data)
    decoder = _NUL_DECODER if _NUL_ESCAPE in data else _DECODER
    fault = ""
    tree: Json = None
    try:
        tree = decoder.decode(text)
    except json.JSONDecodeError as error:
        fault = _syntax(error)
    except RecursionError:
        fault = f"it nests deeper than {max_depth} levels"
    if fault:
        _refuse(fault)
    if _deeper_than(tree, max_depth):
        _refuse(f"it nests deeper than {max_depth} levels")
    if _SURROGATE_ESCAPE.search(data) and not _encodable(tree):
        _refuse("a string escapes half of a surrogate pair")
    return tree


def _encodable(tree: Json) -> bool:
    try:
        json.dumps(tree, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def dumps(tree: Json) -> bytes:
    """`tree` as compact UTF-8 JSON, keys in the order they came. For trees that `loads` returned, or made from them."""
    return orjson.dumps(tree)
