"""Every recognizer of the product, written out."""

from __future__ import annotations

from dlp_recognizers import (
    addresses,
    assignments,
    contact,
    documents,
    financial,
    markings,
    national,
    national_east,
    national_north,
    national_world,
    network,
    organisations,
    password_places,
    personal,
    persons,
    places,
    presidio_set,
    secret_files,
    secrets,
    tables,
    wallets,
)
from dlp_recognizers.linear import LinearRecognizer


def recognizers() -> tuple[LinearRecognizer, ...]:
    """New recognizers, in the order in which they are asked."""
    made = _of_text()
    return (*made, tables.ColumnRecognizer(made))


def _of_text() -> tuple[LinearRecognizer, ...]:
    return (
        *secrets.recognizers(),
        *secret_files.recognizers(),
        *assignments.recognizers(),
        *password_places.recognizers(),
        *contact.recognizers(),
        *network.recognizers(),
        *financial.recognizers(),
        *wallets.recognizers(),
        *documents.recognizers(),
        *places.recognizers(),
        *presidio_set.recognizers(),
        *national.recognizers(),
        *national_north.recognizers(),
        *national_east.recognizers(),
        *national_world.recognizers(),
        *personal.recognizers(),
        *persons.recognizers(),
        *organisations.recognizers(),
        *addresses.recognizers(),
        *markings.recognizers(),
    )
