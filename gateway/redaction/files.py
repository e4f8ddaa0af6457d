"""What has to be done to files that hold what must go, and the proof that it was done. Pure."""

from __future__ import annotations

import base64
import binascii
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from gateway.attached import AttachedPart, Attachment, PartRole, Rewrite, Rewritten
from gateway.errors import Refusal, Refused, internal_error
from gateway.model import Prompt
from gateway.redaction.occurrences import ValueSearch, worth_searching


@dataclass(frozen=True, slots=True)
class Cutting:
    """What has to go from one span."""

    text: str = field(repr=False)
    """The span's new text."""
    ranges: tuple[tuple[int, int], ...]
    """What goes, in offsets of the old text."""
    entities: frozenset[str]
    values: frozenset[str] = field(repr=False)
    """What stood there."""


def rewrites_of(prompt: Prompt, written: Mapping[int, Cutting]) -> tuple[Rewrite, ...]:
    """What has to be done to which attachments, in order. Raises Refused: `llmgw_attachment_not_redactable` where
    nothing sound can be done."""
    rewrites = []
    for attachment in prompt.attachments:
        hit = [part for part in attachment.parts if part.span in written]
        if hit:
            rewrites.append(_rewrite(attachment, hit, written))
    return tuple(rewrites)


def _rewrite(attachment: Attachment, hit: Sequence[AttachedPart], written: Mapping[int, Cutting]) -> Rewrite:
    entities = tuple(sorted({entity for part in hit for entity in written[part.span].entities}))
    roles = {part.role: written[part.span] for part in attachment.parts if part.span in written}
    if PartRole.SOURCE in roles:
        seen = [value for part in hit if part.role is PartRole.VIEW for value in written[part.span].values]
        if _goes(seen, roles[PartRole.SOURCE].values):
            return Rewrite(attachment, entities, source=roles[PartRole.SOURCE].text)
    elif any(part.role is PartRole.PIXELS for part in attachment.parts):
        ranges = roles[PartRole.PIXELS].ranges if PartRole.PIXELS in roles else ()
        return Rewrite(attachment, entities, pixels=ranges)
    raise Refused(not_redactable(entities))


def _goes(seen: Sequence[str], cut: frozenset[str]) -> bool:
    """Whether what was seen in another view of a file goes with what is cut from the file: as it stands (markup or a
    coding within it would leave parts), and wherever it stands (what is too short is not looked for elsewhere)."""
    inner = set(seen) - cut
    inner -= {value for _, _, value in ValueSearch(inner).hits("\0".join(cut))}
    return not inner and all(map(worth_searching, seen))


def not_redactable(entities: Sequence[str]) -> Refusal:
    """The refusal for a file that would have to change and cannot."""
    named = ", ".join(entities)
    return Refusal(
        "llmgw_attachment_not_redactable",
        400,
        f"An attached file holds {named}, which may not leave for this model's server and cannot be taken out of a "
        "file of this kind. Take it out of the file, or send the part you need as plain text, CSV or HTML.",
    )


def texts_of(rewritten: Rewritten) -> Iterator[str]:
    """Every text in which a removed value must not stand any more: what the openers found when they opened the new file
    again, and what its bytes say by themselves."""
    for part in rewritten.reading.parts:
        yield part.text
    data = rewritten.data
    content = data if isinstance(data, bytes) else _content(data)
    for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        yield content.decode(encoding, "replace")


def _content(data: str) -> bytes:
    head, comma, rest = data.partition(",")
    if comma and not head.lower().endswith(";base64"):
        return unquote_to_bytes(rest)
    try:
        return base64.b64decode((rest or head).translate({45: 43, 95: 47}), validate=True)
    except (binascii.Error, ValueError):
        raise Refused(internal_error()) from None


def by_path(rewrites: Sequence[Rewrite], rewritten: Sequence[Rewritten | None]) -> dict[str, Rewritten]:
    """The changed attachments by their pointers. Raises Refused for one that could not be changed."""
    changed: dict[str, Rewritten] = {}
    entities: defaultdict[str, list[str]] = defaultdict(list)
    for rewrite, done in zip(rewrites, rewritten, strict=True):
        path = rewrite.attachment.path
        entities[path].extend(rewrite.entities)
        if done is None or path in changed:
            raise Refused(not_redactable(entities[path]))
        changed[path] = done
    return changed
