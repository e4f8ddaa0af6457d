"""From opened attachments to spans. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from gateway.attached import AttachedPart, Opened, Reading
from gateway.errors import Refused, internal_error
from gateway.model import Prompt, SpanKind, TextSpan

MOST_CHARACTERS: Final = 4_000_000
"""Code points of all attachments of one request. What comes after is of unknown content."""
_TOO_MUCH: Final = "characters"


def with_opened(prompt: Prompt, opened: Opened) -> Prompt:
    """The prompt with the texts of its attachments as spans of their own. Raises Refused unless `opened` is complete
    and of this prompt."""
    if not opened.complete or len(opened.readings) != len(prompt.attachments):
        raise Refused(internal_error())
    spans, attachments, characters = list(prompt.spans), [], 0
    for attachment, reading in zip(prompt.attachments, opened.readings, strict=True):
        characters += sum(len(part.text) for part in reading.parts)
        if characters > MOST_CHARACTERS:
            reading = Reading(reading.content_type, (*reading.unknown, _TOO_MUCH))
        parts = []
        for part in reading.parts:
            parts.append(AttachedPart(len(spans), part.role))
            spans.append(TextSpan(attachment.path, part.text, SpanKind.ATTACHED))
        attachments.append(
            replace(attachment, content_type=reading.content_type, unknown=reading.unknown, parts=tuple(parts))
        )
    return replace(prompt, spans=tuple(spans), attachments=tuple(attachments))
