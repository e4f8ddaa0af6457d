"""Placeholders: `[ENTITY_xxxxxxxxxxxx]`, one ASCII token without a JSON-special character.

The twelve characters are the first 60 bits of HMAC-SHA256(scope key, entity || 0x00 || value) in lower-case base32, so
the same value has the same placeholder within a scope, and nobody without the key can name one.
"""

from __future__ import annotations

import base64
import hmac
import re
from typing import Final

LABEL_MAX: Final = 48
"""Longest entity label within a placeholder."""
DIGEST_LENGTH: Final = 12
MAX_LENGTH: Final = LABEL_MAX + DIGEST_LENGTH + 3
"""Longest placeholder, in characters."""
PATTERN: Final = r"\[[A-Z][A-Z0-9_]{0,47}_[a-z2-7]{12}\]"
LOOKALIKE: Final = re.compile(PATTERN)
"""Matches every placeholder, and whatever a user types that looks like one."""
LITERAL: Final = "LITERAL"
"""The entity of an escaped look-alike."""

_NOT_LABEL: Final = re.compile(r"[^A-Z0-9_]")


def scope_key(master: bytes, *parts: str) -> bytes:
    """The key of one scope: an HMAC-SHA256 chain over `parts`, each prefixed with its length, so that no two different
    lists of parts give the same key. `master` is secret and at least 16 bytes long. Raises ValueError if it is shorter.
    """
    if len(master) < 16:
        raise ValueError("the master key of the placeholders needs at least 16 bytes")
    key = hmac.digest(master, b"llmgw placeholder scope 1", "sha256")
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        key = hmac.digest(key, len(data).to_bytes(8, "big") + data, "sha256")
    return key


def placeholder(key: bytes, entity: str, value: str) -> str:
    """What stands for `value`, found as `entity`, in the scope of `key`."""
    # surrogatepass: a lone surrogate cannot be sent, but it must not crash what decides to refuse it.
    message = f"{entity}\0{value}".encode("utf-8", "surrogatepass")
    digest = base64.b32encode(hmac.digest(key, message, "sha256")[:10]).decode("ascii").lower()
    return f"[{_label(entity)}_{digest[:DIGEST_LENGTH]}]"


def _label(entity: str) -> str:
    label = _NOT_LABEL.sub("_", entity.upper())
    if not label[:1].isalpha():
        label = f"X{label}"
    return label[:LABEL_MAX]
