"""The closed sets that label values of metrics come from. Whatever a client made up becomes `other`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gateway.dialects import NAMES

OTHER: Final = "other"
NONE: Final = "none"
DIALECTS: Final = NAMES
REASONS_TLS: Final = (
    "no_certificate",
    "untrusted",
    "expired",
    "not_yet_valid",
    "revoked",
    "wrong_purpose",
    "no_spiffe_id",
    "protocol",
    "cleartext",
    "crl_stale",
    "timeout",
)
HOOKS: Final = (
    "client_connected", "tls_start_client", "tls_established_client", "requestheaders", "request", "server_connect",
    "responseheaders", "response", "error", "stream", "layer", "unknown",
)  # fmt: skip
"""Where the chain can fail. Each has its series from the start: the rate of one that is born at 1 shows nothing."""
BARRIERS: Final = ("stream", "request_stream", "server_connect", "dial", "answer")
CERTIFICATES: Final = ("listen", "client_ca", "canary", "upstream")
MOST_UPSTREAMS: Final = 256
MOST_WORDS: Final = 128
"""Bound on values of a label whose set only the code knows (refusal codes, hooks, barriers)."""


class Words:
    """A label's set: fixed at the start, or growing with the code's own words up to a bound."""

    __slots__ = ("_bound", "_words")

    def __init__(self, words: Iterable[str], *, bound: int = 0) -> None:
        self._words = {word: word for word in (*words, NONE, OTHER)}
        self._bound = bound

    def __call__(self, word: str) -> str:
        """`word` if it belongs to the set, else `OTHER`."""
        known = self._words.get(word)
        if known is not None:
            return known
        if len(self._words) < self._bound and _is_word(word):
            self._words[word] = word
            return word
        return OTHER

    def declare(self, words: Iterable[str], bound: int) -> None:
        """Add words from a trusted source, up to `bound` in all."""
        for word in words:
            if len(self._words) < bound:
                self._words[word] = word


def _is_word(text: str) -> bool:
    return 0 < len(text) <= 64 and text.isascii() and text.replace("_", "").replace(".", "").isalnum()
