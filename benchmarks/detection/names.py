"""Labelled text with persons, organisations and places: the test split of the embedded model's own sentences."""

from __future__ import annotations

import importlib
from typing import Any

from gateway.evaluation.words import Label, Sample, entity_of


def samples(*, seed: int, count: int) -> list[Sample] | None:
    """`count` sentences that the model has not seen; None where there is no model."""
    try:
        model: Any = importlib.import_module("dlp_recognizers.model.synthesis")
    except ModuleNotFoundError as error:
        if not str(error.name).startswith("dlp_recognizers.model"):
            raise
        return None
    return [
        Sample(
            text, tuple(Label(start, end, entity_of(kind) or kind) for start, end, kind in labels), f"names:{number}"
        )
        for number, (text, labels) in enumerate(model.examples("test", seed, count))
    ]
