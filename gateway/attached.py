"""Files inside requests: what a dialect says of one, what opening it told, and what is asked of its rewriting.

Frozen values. Content and names live only in fields with `repr=False`.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field


class PartRole(enum.StrEnum):
    """What the text of an opened attachment is."""

    SOURCE = "source"
    """The file itself, decoded: a text format. Offsets are the file's own, so it can be redacted in place."""
    VIEW = "view"
    """What a reader of the format sees, or can get at: cells, markup removed, metadata, nested files."""
    PIXELS = "pixels"
    """What is written in an image; words can be blacked out."""


@dataclass(frozen=True, slots=True)
class AttachedPart:
    """One text of an opened attachment, which is a span like any other."""

    span: int
    """Index into `Prompt.spans`."""
    role: PartRole


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part that is a file: an image, audio, a document, or a reference to one that is kept elsewhere.

    A dialect makes it with what the body says; `gateway.attachments.with_opened` adds what was found inside. One that
    nobody has opened is of unknown content.
    """

    path: str = field(repr=False)
    """JSON pointer (RFC 6901) to the string that holds the content or the reference. Sent as it is unless rewritten."""
    media_type: str
    """As declared: from a closed list of the dialects' own words, `application/octet-stream` when unknown."""
    size: int
    """Bytes as they stand in the body; 0 for a reference."""
    name: str = field(default="", repr=False)
    """File name that the client gave; its extension counts as a declaration. The name itself is scanned elsewhere."""
    data: str | bytes = field(default="", repr=False)
    """The content: `str` is base64 (either alphabet, padding or not) or a data URL, exactly as in the body; `bytes` is
    the file itself. Empty: only a reference."""
    content_type: str = ""
    """The type found by looking, from the openers' closed list; empty until opened, or when nothing is known."""
    unknown: tuple[str, ...] = ("unopened",)
    """Why some of its content is unknown, from a closed list; empty: everything in it was read."""
    parts: tuple[AttachedPart, ...] = ()
    """Its texts, once opened."""


@dataclass(frozen=True, slots=True)
class ReadPart:
    """One text that an opener found."""

    role: PartRole
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reading:
    """What an opener made of one attachment."""

    content_type: str
    unknown: tuple[str, ...]
    """See `Attachment.unknown`."""
    parts: tuple[ReadPart, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Opened:
    """What the openers made of the attachments of one request. Not `complete`: the request must be refused."""

    readings: tuple[Reading, ...]
    """One for each attachment, in order; empty when not complete."""
    complete: bool = True
    reason: str = ""
    """Why it is not complete: `deadline`, `queue_full`, `worker_died`, `closed`; empty when it is."""


@dataclass(frozen=True, slots=True)
class Rewrite:
    """An attachment that must change before it may leave."""

    attachment: Attachment
    entities: tuple[str, ...]
    """What has to go, by name, for the sentence of a refusal."""
    source: str | None = field(default=None, repr=False)
    """The new text of its SOURCE part; None: there is none, or it stays."""
    pixels: tuple[tuple[int, int], ...] = ()
    """Ranges of its PIXELS part that are to be blacked out."""


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A changed attachment, opened once more."""

    data: str | bytes = field(repr=False)
    """In the form of `Attachment.data`: base64 or data URL with the same media type, or the file itself."""
    reading: Reading


@dataclass(frozen=True, slots=True)
class Rewrites:
    """What the openers made of all that had to change in one request. Not `complete`: the request must be refused."""

    attachments: tuple[Rewritten | None, ...]
    """One for each rewrite, in order; None: it cannot be done soundly. Empty when not complete."""
    complete: bool = True
    reason: str = ""
