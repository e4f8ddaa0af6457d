"""The engine: every recognizer over every reading of a text, in linear time and without a network."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

import tldextract

from dlp_recognizers.allow_list import EXAMPLES, is_example
from dlp_recognizers.catalogue import recognizers
from dlp_recognizers.hits import Hit, ScanIncomplete, settle
from dlp_recognizers.linear import LinearRecognizer, Shape
from dlp_recognizers.names import NameFinder, finders
from dlp_recognizers.obfuscation import Obfuscation
from dlp_recognizers.own.bundle import NOTHING, OwnData, from_setup
from dlp_recognizers.own.finder import OwnFinder
from dlp_recognizers.page import Page
from dlp_recognizers.prefilter import Prefilter
from dlp_recognizers.proof import changed, counts, explained, with_places
from dlp_recognizers.views import Inside, Reading, TooManyReadings, readings
from dlp_recognizers.whole import only_grown
from gateway.errors import ConfigurationError
from gateway.settings import Dlp

__all__ = ["Engine", "EngineSettings", "Hit", "ScanIncomplete", "create", "settings_of"]

_GENERATION = "3"
"""Raised when judges change in a way that the patterns do not show."""


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What an engine is made of."""

    spacy_pipelines: tuple[str, ...] = ()
    """Installed pipelines by name or path."""
    allow_examples: bool = True
    """Whether the documentation examples of `allow_list` are left alone."""
    names: str = "embedded"
    """Where names come from without a pipeline, see `names.MODES`."""
    unknown_language: str = "all"
    """Which pipelines read a span of unknown language, see `names.UNKNOWN`."""


def settings_of(dlp: Dlp) -> EngineSettings:
    """What the gateway's settings say about the engine."""
    return EngineSettings(tuple(dlp.spacy_pipelines), dlp.allow_examples, dlp.names, dlp.unknown_language)


class Engine:
    """Finds what is sensitive in one text at a time. Not thread-safe; keeps nothing of what it read."""

    def __init__(self, settings: EngineSettings, *, names: Iterable[NameFinder] = (), own: OwnData = NOTHING) -> None:
        silence()
        self._settings = settings
        self._own = OwnFinder(own)
        self._recognizers: tuple[LinearRecognizer, ...] = (*recognizers(), *self._own.recognizers)
        self._prefilter = Prefilter(self._recognizers)
        self._obfuscation = Obfuscation()
        own_finders = finders(settings.spacy_pipelines, settings.names, settings.unknown_language)
        self._names: tuple[NameFinder, ...] = (*own_finders, *names)
        self.version = self._digest()

    def _digest(self) -> str:
        parts: list[object] = [_GENERATION, asdict(self._settings), sorted(EXAMPLES)]
        parts += [
            [entry.entity, entry.label, [[s.name, s.regex, s.score] for s in entry.shapes]]
            for entry in self._recognizers
        ]
        parts += [finder.version for finder in self._names]
        parts.append(self._own.version)
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]

    @property
    def entities(self) -> frozenset[str]:
        """Every entity that the pattern recognizers can find."""
        return frozenset(entry.entity for entry in self._recognizers)

    def scan(self, text: str) -> list[Hit]:
        """Everything found in `text`, in order. Raises ScanIncomplete if any recognizer failed on any of it."""
        if not text:
            return []
        try:
            return settle(self._hits(text))
        except ScanIncomplete:
            raise
        except TooManyReadings:
            raise ScanIncomplete("too_many_readings") from None
        except Exception as error:  # noqa: BLE001 - a recognizer that fails must never look like a clean text
            # Neither chained nor quoted: the message of a library's error may hold what it was given.
            raise ScanIncomplete(f"recognizer_failed:{type(error).__name__}") from None

    def _hits(self, text: str) -> Iterable[Hit]:
        hits: list[Hit] = []
        guesses: list[Hit] = []
        inner: dict[Hit, list[tuple[Inside, Hit]]] = {}
        hits.extend(self._obfuscation.find(Page.of(text)))
        for reading in readings(text):
            for hit in self._found(reading):
                if self._left_alone(hit.entity, reading.text[hit.start : hit.end]):
                    continue
                placed = self._placed(hit, reading, text)
                if placed is None:
                    continue
                hits.append(placed)
                if reading.strict:
                    guesses.append(placed)
                if reading.inside is not None and (inside := reading.inside(hit.start, hit.end)) is not None:
                    inner.setdefault(placed, []).append((inside, hit))
        if guesses:
            grown = only_grown(guesses, hits, text)
            hits = [hit for hit in hits if hit not in grown]
            inner = {hit: places for hit, places in inner.items() if hit not in grown}
        return explained(with_places(hits, inner) if inner else hits)

    def _found(self, reading: Reading) -> Iterable[Hit]:
        """What the patterns, and in a reading that is no guess the finders of names, see in it."""
        page = Page.of(reading.text)
        for recognizer, shape in self._lanes(page, strict=reading.strict):
            yield from recognizer.find(page, shape)
        if not reading.strict:
            for finder in self._names:
                yield from finder.find(reading.text)

    @staticmethod
    def _placed(hit: Hit, reading: Reading, text: str) -> Hit | None:
        """The hit where it stands in the text; None if it does not count."""
        place = reading.origin(hit.start, hit.end)
        if place is None or (reading.strict and not (counts(hit, reading.text) and changed(hit, reading, place, text))):
            return None
        start, end = place
        if hit.entity == "PRIVATE_KEY" and hit.end == len(reading.text) and not reading.strict:
            # A block without its last line goes to the end of the whole text, not of what was read again.
            end = len(text)
        return Hit(start, end, hit.entity, hit.score, hit.recognizer)

    def _lanes(self, page: Page, *, strict: bool) -> Iterable[tuple[LinearRecognizer | OwnFinder, Shape]]:
        yield from self._prefilter.lanes(page)
        if not strict and not self._own.idle:  # ciphers and joints are guesses, in which every word may be one
            yield self._own, _ANY

    def _left_alone(self, entity: str, value: str) -> bool:
        return (self._settings.allow_examples and is_example(entity, value)) or self._own.allows(entity, value)

    def warm(self) -> None:
        """Run every recognizer once, so that the first request pays for no table. Raises ScanIncomplete."""
        page = Page.of(_WARM_UP)
        self.scan(_WARM_UP)
        for recognizer in self._recognizers:
            for shape in recognizer.shapes:
                for _ in recognizer.find(page, shape):
                    pass
        # The automata build their states as they meet text; prose and code make most of those that matter. The model
        # of names has no states, and would take a second for it.
        names, self._names = self._names, ()
        try:
            self.scan(_manual())
        finally:
            self._names = names


_ANY = Shape("own", "")
"""For what looks at every page."""
_WARM_UP = (
    "Dear Dr. Ada Example, call +44 20 7946 0018 or (212) 555-0123, mail ada@corp.example.\nSSN 219-09-9999, card "
    '5555 5555 5555 4444, IBAN GB33 BUKB 2020 1555 5555 55. {"password": "not-a-real-1", "ip": "10.1.2.3"}\\n\n'
)


def _manual() -> str:
    """Some running text that every Python carries, or nothing where it was left out."""
    try:
        from pydoc_data import topics
    except ImportError:
        return ""
    return "\n".join(str(topics.topics[name]) for name in sorted(topics.topics))[:200_000]


def silence() -> None:
    """Take away what the libraries do beside their job: log matched text, fetch the public suffix list."""
    for name in ("presidio-analyzer", "presidio-anonymizer", "decision_process", "tldextract"):
        logger = logging.getLogger(name)
        logger.disabled = True
        logger.propagate = False
        logger.setLevel(logging.CRITICAL + 1)
    offline = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    tldextract.extract = offline  # type: ignore[assignment]


def create(config: Mapping[str, object]) -> Engine:
    """The engine of a scan process, from the plain values of `EngineSettings`, and `own`, what
    `OwnSources.plain` made. Raises ConfigurationError."""
    config = dict(config)
    own = from_setup(config.pop("own", None))
    pipelines = config.pop("spacy_pipelines", ())
    examples = config.pop("allow_examples", True)
    names = config.pop("names", "embedded")
    unknown = config.pop("unknown_language", "all")
    if not isinstance(pipelines, (list, tuple)) or not isinstance(examples, bool) or config:
        raise ConfigurationError(
            "engine: expected spacy_pipelines (list of names), allow_examples (true or false), names, unknown_language"
        )
    return Engine(EngineSettings(tuple(map(str, pipelines)), examples, str(names), str(unknown)), own=own)
