"""Values that stand in everybody's documentation. Exact matches only; the security team can switch them off."""

from __future__ import annotations

from typing import Final

EXAMPLES: Final = frozenset(
    {
        ("CREDIT_CARD", "4111111111111111"),
        ("CREDIT_CARD", "4242424242424242"),
        ("IBAN_CODE", "DE89370400440532013000"),
        ("IBAN_CODE", "GB82WEST12345698765432"),
        ("US_SSN", "111223333"),
        ("US_MBI", "1EG4TE5MK73"),
    }
)
"""Entity and value, the value without blanks, dots and hyphens, in capitals."""

_SEPARATORS = str.maketrans("", "", " -.\t")


def is_example(entity: str, value: str) -> bool:
    """Whether `value` is one of the listed examples of `entity`, however it is grouped."""
    return (entity, value.translate(_SEPARATORS).upper()) in EXAMPLES
