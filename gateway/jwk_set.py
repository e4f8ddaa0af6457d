"""The keys of an OAuth2 issuer, as a JWK set says them (RFC 7517). Pure; where a set comes from is another module's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Protocol

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from gateway import strict_json
from gateway.errors import ConfigurationError, Refused

MAXIMUM_BYTES: Final = 1_048_576
MAXIMUM_KEYS: Final = 100
_MINIMUM_RSA_BITS: Final = 2048
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


class KeysUnavailable(Exception):
    """There are no keys that may be used now. `str()` says why, for the operator."""


class KeySource(Protocol):
    """Gives the keys that may verify a token."""

    def keys(self, now: datetime) -> KeySet:
        """The keys to use at that moment. Raises KeysUnavailable."""
        ...


def parse_jwks(data: bytes) -> KeySet:
    """The public signature keys in a JWK set (RFC 7517): RSA from 2048 bits, P-256, Ed25519.

    Keys of other kinds or uses are left out; a private or symmetric key is an error, because such a file must not be
    handed around. Raises ConfigurationError.
    """
    if len(data) > MAXIMUM_BYTES:
        raise ConfigurationError(f"The JWK set is larger than {MAXIMUM_BYTES} bytes.")
    try:
        tree = strict_json.loads(data, max_depth=8)
    except Refused:
        raise ConfigurationError('The JWK set is not JSON. Give the issuer\'s {"keys": [...]} document.') from None
    entries = tree.get("keys") if isinstance(tree, dict) else None
    if not isinstance(entries, list) or len(entries) > MAXIMUM_KEYS:
        raise ConfigurationError('The JWK set has no list of keys. Give the issuer\'s {"keys": [...]} document.')
    keys = [key for entry in entries if isinstance(entry, dict) and (key := _usable(entry)) is not None]
    if not keys:
        raise ConfigurationError("The JWK set has no RSA (2048 bits), P-256 or Ed25519 key for signatures.")
    return KeySet(list(keys))


def _usable(entry: Mapping[str, object]) -> RSAKey | ECKey | OKPKey | None:
    if not _PRIVATE.isdisjoint(entry):
        raise ConfigurationError("The JWK set holds a private or symmetric key. Publish the public keys only.")
    if entry.get("use", "sig") != "sig":
        return None
    if len(str(entry.get("n", ""))) * 6 < _MINIMUM_RSA_BITS and entry.get("kty") == "RSA":
        return None
    data: dict[str, str | list[str]] = {name: value for name, value in entry.items() if isinstance(value, str)}
    try:
        match entry.get("kty"), entry.get("crv"):
            case "RSA", None:
                key = RSAKey.import_key(data)
                return key if key.raw_value.key_size >= _MINIMUM_RSA_BITS else None
            case "EC", "P-256":
                return ECKey.import_key(data)
            case "OKP", "Ed25519":
                return OKPKey.import_key(data)
    except (JoseError, ValueError, TypeError):
        raise ConfigurationError("The JWK set holds a key that cannot be read.") from None
    return None
