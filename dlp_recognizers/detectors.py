"""What can be measured on labelled text: this package's engine, stock Presidio, and spaCy pipelines by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from dlp_recognizers.engine import Engine, silence
from dlp_recognizers.hits import ScanIncomplete
from dlp_recognizers.names import SpacyFinder
from dlp_recognizers.windows import merge, split
from gateway.errors import ConfigurationError
from gateway.evaluation.score import Found
from gateway.evaluation.words import entity_of

_PRESIDIO_MODEL: Final = "en_core_web_lg"
"""The pipeline that Presidio downloads by default."""


class Detector(Protocol):
    """Finds things in texts."""

    @property
    def name(self) -> str:
        """What the table calls it."""
        ...

    def find(self, text: str) -> Sequence[Found]:
        """Everything in `text`, in the gateway's words. Raises hits.ScanIncomplete if it could not look at all."""
        ...


class OwnDetector:
    """The engine as the scan workers run it: in windows."""

    def __init__(self, engine: Engine, name: str = "llmgw") -> None:
        self._engine = engine
        self.name = name

    def find(self, text: str) -> Sequence[Found]:
        """See Detector."""
        windows = split(text)
        results = [
            [(hit.start, hit.end, hit.entity, hit.score, hit.recognizer) for hit in self._engine.scan(text[low:high])]
            for low, high in windows
        ]
        return [Found(*hit[:4]) for hit in merge(windows, results)]


class PresidioDetector:
    """Presidio's AnalyzerEngine with its default English recognizers. Names are found if its default pipeline is
    installed; else it runs without one."""

    def __init__(self) -> None:
        from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
        from presidio_analyzer.nlp_engine import NlpEngineProvider, NoOpNlpEngine
        from spacy.util import is_package

        silence()
        registry = RecognizerRegistry()
        registry.load_predefined_recognizers(languages=["en"])
        if is_package(_PRESIDIO_MODEL):
            model = {"lang_code": "en", "model_name": _PRESIDIO_MODEL}
            nlp = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": [model]}).create_engine()
            self.name = f"presidio ({_PRESIDIO_MODEL})"
        else:
            registry.remove_recognizer("SpacyRecognizer")
            nlp = NoOpNlpEngine([{"lang_code": "en", "model_name": "no_op"}])
            self.name = "presidio (patterns only)"
        self._analyzer = AnalyzerEngine(registry=registry, nlp_engine=nlp, supported_languages=["en"])

    def find(self, text: str) -> Sequence[Found]:
        """See Detector."""
        results = self._analyzer.analyze(text, language="en")
        return [
            Found(each.start, each.end, entity_of(each.entity_type) or each.entity_type, each.score) for each in results
        ]


class PipelineDetector:
    """One installed spaCy pipeline alone. Raises ConfigurationError if it is not installed or finds no entities."""

    def __init__(self, pipeline: str) -> None:
        try:
            self._finder = SpacyFinder(pipeline)
        except ConfigurationError:
            raise ConfigurationError(
                f"--pipeline: {pipeline!r} is not an installed spaCy pipeline with an entity recognizer. Install it "
                f"(python -m spacy download {pipeline}), or leave the option out."
            ) from None
        self.name = self._finder.version

    def find(self, text: str) -> Sequence[Found]:
        """See Detector."""
        return [Found(hit.start, hit.end, hit.entity, hit.score) for hit in self._finder.find(text)]


def find_all(detector: Detector, texts: Sequence[str]) -> list[Sequence[Found]]:
    """What a detector finds in each text. A text it could not read in full ends the measurement: ScanIncomplete."""
    found: list[Sequence[Found]] = []
    for index, text in enumerate(texts, 1):
        try:
            found.append(detector.find(text))
        except ScanIncomplete as error:
            raise ScanIncomplete(f"{detector.name}: text {index} of {len(texts)}: {error.reason}") from None
    return found
