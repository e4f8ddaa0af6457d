"""How openers are set up."""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass, field
from typing import Any

from dlp_recognizers.attachments.budget import Bounds
from gateway.settings import Dlp


@dataclass(frozen=True, slots=True)
class Opening:
    """Settings of the openers of one proxy worker."""

    bounds: Bounds = field(default_factory=Bounds)
    processes: int = 1
    deadline_seconds: float = 20.0
    """For all attachments of one request."""
    queue: int = 64
    """Requests whose attachments may wait."""
    queue_per_agent: int = 16
    queued_bytes: int = 256 * 1024 * 1024
    ocr: str = ""
    """Path of the Tesseract program; empty: images are read by their metadata alone."""


def opening_of(dlp: Dlp) -> Opening:
    """The openers as the gateway's settings want them."""
    files = dlp.attachments
    bounds = Bounds(
        unpacked_bytes=files.unpacked_bytes,
        pages=files.pages,
        characters=files.characters,
        seconds=files.seconds,
        memory_bytes=files.memory_bytes,
    )
    ocr = tesseract() if files.ocr == "auto" else ""
    return Opening(bounds, files.processes, dlp.deadline_seconds, ocr=ocr)


def setup_of(opening: Opening) -> dict[str, Any]:
    """What an opener process is told first."""
    return {"bounds": asdict(opening.bounds), "ocr": opening.ocr}


def tesseract() -> str:
    """Path of the Tesseract program on this machine; empty if there is none."""
    return shutil.which("tesseract") or ""
