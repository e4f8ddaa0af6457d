"""What may stand in the place of a value, by the operators of presidio-anonymizer."""

from __future__ import annotations

import os

from gateway.model import Operator

_MASK = 8
_HASH = 16


class PresidioOperator:
    """Irreversible replacements: mask, hash, remove. Fulfils `gateway.ports.ValueOperator`."""

    def __init__(self, *, salt: bytes | None = None) -> None:
        """`salt` (16 bytes or more) makes hashes the same over processes; without one they hold for this object only,
        because an unsalted hash of a phone number is a phone number to whoever counts to ten digits."""
        if salt is not None and len(salt) < 16:
            raise ValueError("the salt of hashes has at least 16 bytes")
        self._salt = os.urandom(32) if salt is None else salt

    def __call__(self, operator: Operator, entity: str, value: str) -> str:
        """The replacement of `value`. Raises ValueError for `placeholder`, which is reversible and not made here.

        A mask is eight asterisks, whatever the value's length; a hash is `<ENTITY:16 hex digits>`; removal leaves
        nothing.
        """
        # Not at the top: presidio's packages bring spaCy along, 60 MB that a proxy worker needs for these alone.
        from presidio_anonymizer.operators import Hash, Mask, Redact

        match operator:
            case Operator.MASK:
                stars = str(
                    Mask().operate(
                        value.ljust(_MASK),
                        {"masking_char": "*", "chars_to_mask": max(len(value), _MASK), "from_end": False},
                    )
                )
                return stars[:_MASK]
            case Operator.HASH:
                return f"<{entity}:{str(Hash().operate(value, {'hash_type': 'sha256', 'salt': self._salt}))[:_HASH]}>"
            case Operator.REMOVE:
                return str(Redact().operate(value, {}))
            case Operator.PLACEHOLDER:
                raise ValueError("placeholders are made by the redaction, not by an operator")
