"""What one document may cost. Every reader takes from one budget, and stops when it is used up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits for one document, everything nested in it included."""

    file_bytes: int = 32 * 1024 * 1024
    unpacked_bytes: int = 64 * 1024 * 1024
    """Of all members of all archives in it."""
    ratio: int = 200
    """Unpacked to packed size of one member, once it has passed `ratio_from` bytes."""
    ratio_from: int = 1024 * 1024
    depth: int = 2
    """Files within files."""
    members: int = 1_000
    pages: int = 500
    cells: int = 500_000
    pixels: int = 40_000_000
    """Of one image."""
    images: int = 50
    """Images that are read by OCR, pages included."""
    characters: int = 2_000_000
    """Code points of all texts."""
    seconds: float = 10.0
    """Time on the clock, which the kernel keeps."""
    memory_bytes: int = 768 * 1024 * 1024
    """Address space beyond what the opener has when it starts."""


class Unreadable(Exception):
    """The content, or what is left of it, stays unknown. Holds the reason, one of `REASONS`, and no content."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


REASONS: Final = frozenset(
    (
        "unopened", "reference", "encoding", "mislabelled", "polyglot", "encrypted", "damaged", "unsupported", "media",
        "image", "no_text", "fonts", "active", "dtd", "legacy", "bytes", "ratio", "depth", "members", "pages", "cells",
        "pixels", "images", "characters", "time", "memory", "died", "frames", "charset",
    )
)  # fmt: skip
"""Every reason for which content is unknown:

`unopened` nobody tried; `reference` the content is kept elsewhere; `encoding` not base64; `mislabelled` not what it is
declared as; `polyglot` also something else, or bytes around it that its readers skip; `encrypted`; `damaged`;
`unsupported` no opener for this type; `media` audio or video; `image` a picture, and no OCR here; `no_text` a page that
shows something but has no text; `fonts` text whose characters cannot be told; `active` embedded programs or forms that
are not read; `dtd` XML that defines entities; `legacy` Office formats before 2007; `charset` text in an encoding that
cannot be told;
`frames` more pictures in one image than are read; `time`, `memory`, `died`: its process was ended; the others: the
bound of that name."""


@dataclass(slots=True)
class Budget:
    """What is left for one document."""

    bounds: Bounds
    unpacked: int = 0
    members: int = 0
    pages: int = 0
    cells: int = 0
    images: int = 0
    characters: int = 0
    reasons: dict[str, None] = field(default_factory=dict)
    """Why parts of it are unknown, in the order in which that was met."""

    def unknown(self, reason: str) -> None:
        """Note that something was not read."""
        self.reasons.setdefault(reason)

    def unpack(self, size: int) -> None:
        """Count `size` more bytes out of an archive. Raises Unreadable at the bound."""
        self.unpacked = self._count(self.unpacked + size, self.bounds.unpacked_bytes, "bytes")

    def member(self) -> None:
        """Count a member of an archive. Raises Unreadable at the bound."""
        self.members = self._count(self.members + 1, self.bounds.members, "members")

    def page(self) -> None:
        """Count a page, slide or sheet. Raises Unreadable at the bound."""
        self.pages = self._count(self.pages + 1, self.bounds.pages, "pages")

    def cell(self) -> None:
        """Count a cell. Raises Unreadable at the bound."""
        self.cells = self._count(self.cells + 1, self.bounds.cells, "cells")

    def image(self) -> None:
        """Count an image to read by OCR. Raises Unreadable at the bound."""
        self.images = self._count(self.images + 1, self.bounds.images, "images")

    def text(self, size: int) -> int:
        """How many of `size` more code points still fit; notes a reason if not all."""
        fits = min(size, self.bounds.characters - self.characters)
        self.characters += fits
        if fits < size:
            self.unknown("characters")
        return fits

    def _count(self, value: int, bound: int, reason: str) -> int:
        if value > bound:
            raise Unreadable(reason)
        return value
