"""Restores an answer that came as one body, errors included."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

from gateway.dialects import BY_NAME
from gateway.dialects.dialect import Answer
from gateway.errors import Refused
from gateway.model import Json, Usage
from gateway.restore.sse import untrusted_answer
from gateway.restore.text import CREDENTIAL, Table, Tally, restore_text
from gateway.restore.usage import merged_usage
from gateway.restore.walk import Walk


@dataclass(frozen=True, slots=True)
class RestoredAnswer:
    """A body fit for the client."""

    body: bytes = field(repr=False)
    restored: int
    """Placeholders put back."""
    usage: Usage
    is_json: bool = True
    """Whether the body was JSON; the caller says whether it may be anything else."""
    is_text: bool = True
    """Whether it was read at all; only a file of unknown form is not."""


def restore_answer(
    dialect: str,
    body: bytes,
    restore: Mapping[str, str],
    *,
    masks: tuple[str, ...] = (),
    in_urls: bool = False,
) -> RestoredAnswer:
    """`body`, decoded from any content coding, with values put back and `masks` replaced; the very same bytes if
    nothing changes. Works on any status: an error that quotes the prompt is restored like an answer, and a body that
    is not JSON is treated as one text. Raises Refused for an unknown dialect, for a body that is neither JSON nor
    UTF-8, and for one nested too deep.
    """
    known = BY_NAME.get(dialect)
    if known is None:
        raise Refused(untrusted_answer())
    # Answers without text are only masked: nothing in them can hold a placeholder of ours, errors excepted.
    table = Table.of(restore, masks)
    tally = Tally()
    try:
        tree: Json = orjson.loads(body)
    except orjson.JSONDecodeError:
        if known.answer is Answer.FILE:
            return _file(body, table, tally, in_urls=in_urls)
        return _plain(body, table, tally, in_urls=in_urls)
    usage = merged_usage(Usage(), tree)
    if known.answer is Answer.NUMBERS and not (isinstance(tree, dict) and "error" in tree):
        return RestoredAnswer(_masked(body, table), 0, usage)
    if table.suspicious.search(body) is None and not (table.keys and b"logprobs" in body):
        return RestoredAnswer(body, 0, usage)
    walk = Walk(table, tally, in_urls=in_urls)
    try:
        tree = walk.walk(tree)
    except RecursionError:
        raise Refused(untrusted_answer()) from None
    # The bytes once more: of a key that stands twice the tree holds one value only.
    return RestoredAnswer(_masked(orjson.dumps(tree) if walk.changed else body, table), tally.restored, usage)


def restore_bytes(body: bytes, masks: tuple[str, ...]) -> RestoredAnswer:
    """An answer that is no text (audio, an image): the same bytes. Raises Refused when one of `masks` is in them."""
    if any(mask and mask.encode("utf-8") in body for mask in masks):
        raise Refused(untrusted_answer())
    return RestoredAnswer(body, 0, Usage(), is_json=False, is_text=False)


def _file(body: bytes, table: Table, tally: Tally, *, in_urls: bool) -> RestoredAnswer:
    """JSON Lines row by row, other text as one, other bytes as they are."""
    rows = body.split(b"\n")
    try:
        trees = [orjson.loads(row) if row.strip() else None for row in rows]
    except orjson.JSONDecodeError:
        try:
            body.decode("utf-8")
        except UnicodeDecodeError:
            return restore_bytes(body, table.masks)
        return _plain(body, table, tally, in_urls=in_urls)
    for at, tree in enumerate(trees):
        if table.suspicious.search(rows[at]) is None:
            continue
        walk = Walk(table, tally, in_urls=in_urls)
        try:
            tree = walk.walk(tree)
        except RecursionError:
            raise Refused(untrusted_answer()) from None
        rows[at] = _masked(orjson.dumps(tree) if walk.changed else rows[at], table)
    return RestoredAnswer(b"\n".join(rows), tally.restored, Usage(), is_json=False)


def _plain(body: bytes, table: Table, tally: Tally, *, in_urls: bool) -> RestoredAnswer:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(untrusted_answer()) from None
    new = restore_text(table, text, tally, in_urls=in_urls)
    return RestoredAnswer(new.encode("utf-8"), tally.restored, Usage(), is_json=False)


def _masked(body: bytes, table: Table) -> bytes:
    for mask in table.masks:
        body = body.replace(mask.encode("utf-8"), CREDENTIAL.encode("ascii"))
    return body
