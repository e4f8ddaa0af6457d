"""Every recognizer of the product, written out."""

from __future__ import annotations

from dlp_recognizers import (
    assignments,
    contact,
    financial,
    markings,
    national,
    national_east,
    national_north,
    national_world,
    network,
    personal,
    persons,
    presidio_set,
    secret_files,
    secrets,
)
from dlp_recognizers.linear import LinearRecognizer


def recognizers() -> tuple[LinearRecognizer, ...]:
    """New recognizers, in the order in which they are asked."""
    return (
        *secrets.recognizers(),
        *secret_files.recognizers(),
        *assignments.recognizers(),
        *contact.recognizers(),
        *network.recognizers(),
        *financial.recognizers(),
        *presidio_set.recognizers(),
        *national.recognizers(),
        *national_north.recognizers(),
        *national_east.recognizers(),
        *national_world.recognizers(),
        *personal.recognizers(),
        *persons.recognizers(),
        *markings.recognizers(),
    )
