"""A file of recognizers as people write it: `dlp.recognizers` in gateway.yaml names it. Pure."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from gateway.document_model import Document, Version
from gateway.settings import EntityName, LevelName

type Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
type Term = Annotated[str, Field(min_length=1, max_length=500)]
type Example = Annotated[str, Field(min_length=1, max_length=10_000)]
type Score = Annotated[float, Field(ge=0, le=1)]


class ContextDocument(Document):
    """Words near a match that make it likelier."""

    words: Annotated[tuple[Term, ...], Field(min_length=1, max_length=200)]
    """Whole words, any case."""
    required: bool = False
    """Whether a match without one of them is no finding."""
    boost: Score = 0.3
    """What one of them adds to the score."""
    before: Annotated[int, Field(ge=0, le=400)] = 60
    """How far ahead of a match to look, in characters."""
    after: Annotated[int, Field(ge=0, le=400)] = 24


class TestsDocument(Document):
    """Examples that the recognizer is tried on whenever the file is loaded."""

    finds: Annotated[tuple[Example, ...], Field(min_length=1, max_length=200)]
    """Texts in which it finds something with a score of at least 0.5."""
    leaves: Annotated[tuple[Example, ...], Field(min_length=1, max_length=200)]
    """Texts in which it finds nothing with such a score."""


class RecognizerDocument(Document):
    """One recognizer."""

    name: Name
    """Short name; findings carry it."""
    entity: EntityName
    """What it finds: an entity of the product, or a name of your own that begins with its group: SECRET_, PERSONAL_,
    HEALTH_ or ORGANISATION_."""
    level: LevelName | None = None
    """What a finding counts as at least; the policy can raise it."""
    score: Score = 0.6
    """Of a match; findings below 0.5 do not count."""
    patterns: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=1_000)], ...], Field(max_length=50)] = ()
    """Regular expressions in RE2's syntax."""
    checksum: str | None = None
    """Name of the checksum that the letters and digits of a match must pass."""
    context: ContextDocument | None = None
    deny: Annotated[tuple[Term, ...], Field(max_length=1_000)] = ()
    """Terms that are always findings."""
    allow: Annotated[tuple[Term, ...], Field(max_length=1_000)] = ()
    """Values, written exactly so, that are no findings of this recognizer."""
    tests: TestsDocument
    """Texts in which it finds something, and texts in which it does not."""


class AllowDocument(Document):
    """A value that is no finding, whoever finds it."""

    entity: EntityName
    value: Term
    """Exactly as it is written in texts."""


class RecognizersDocument(Document):
    """A file of recognizers."""

    version: Version
    """Version of this format: 1."""
    recognizers: Annotated[tuple[RecognizerDocument, ...], Field(max_length=500)] = ()
    allow: Annotated[tuple[AllowDocument, ...], Field(max_length=10_000)] = ()
