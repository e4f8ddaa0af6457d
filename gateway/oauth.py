"""OAuth2 client credentials as a second proof beside the certificate: a signed token, bound to the agent's record.

The certificate stays the identity; a token can only confirm it. Tokens and their claims are never quoted.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, NoReturn

from joserfc import jws
from joserfc.errors import ExpiredTokenError, JoseError, UnsupportedAlgorithmError
from joserfc.jwa import JWSAlgModel
from joserfc.jwt import JWTClaimsRegistry
from joserfc.registry import Header

from gateway import strict_json
from gateway.errors import Refusal, Refused
from gateway.jwk_set import KeySource, KeysUnavailable
from gateway.model import AgentRecord, Identity, Json

if TYPE_CHECKING:
    from gateway.settings import OAuth

ALGORITHMS: Final = ("RS256", "ES256", "EdDSA", "Ed25519")
"""Never `none` and never a symmetric one: a public key must not be taken for a shared secret."""
LEEWAY_SECONDS: Final = 60
MAXIMUM_TOKEN_BYTES: Final = 16_384
_TYPES: Final = frozenset({"jwt", "at+jwt", "application/at+jwt"})
_SHAPE: Final = re.compile(r"eyJ[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\Z")
"""A compact JWS begins with the base64url of `{"`."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says, as far as anybody here asks."""

    client_id: str
    expires: float
    """Seconds since the epoch."""
    certificate_thumbprint: str = ""
    """Hex SHA-256 of the certificate it is bound to (RFC 8705, section 3.1); empty: not bound."""


class _Algorithms(jws.JWSRegistry):
    """The listed algorithms and no others; joserfc's own look-up also warns about the older name of Ed25519."""

    def get_alg(self, name: str) -> JWSAlgModel:
        if name not in ALGORITHMS:
            raise UnsupportedAlgorithmError("algorithm")
        return self.algorithms[name]


def _missing() -> NoReturn:
    raise Refused(
        Refusal(
            "llmgw_token_missing",
            401,
            "This gateway wants an OAuth2 token beside the client certificate. Get one with the client credentials "
            "grant and send it as Authorization: Bearer.",
        )
    )


def _invalid(what: str, remedy: str = "Get a new token from the issuer and send it as a bearer token.") -> NoReturn:
    raise Refused(Refusal("llmgw_token_invalid", 401, f"The OAuth2 token cannot be accepted: {what}. {remedy}"))


def _mismatch(what: str) -> NoReturn:
    raise Refused(
        Refusal(
            "llmgw_token_mismatch",
            401,
            f"The OAuth2 token and the client certificate do not belong together: {what}. Use the agent's own "
            "certificate with a token of the agent's own OAuth2 client.",
        )
    )


def find_token(headers: Iterable[tuple[str, str]]) -> str | None:
    """The one token among a request's headers: `Authorization: Bearer`, or where a program has no place for it there,
    `x-llmgw-token` or `x-api-key`.

    What does not look like a JWT is taken for the dummy API key that client programs insist on, and gives None. Raises
    Refused when two different tokens are there.
    """
    found: set[str] = set()
    for name, value in headers:
        lowered = name.lower()
        text = ""
        if lowered == "authorization":
            scheme, _, text = value.strip().partition(" ")
            text = text.strip() if scheme.lower() == "bearer" else ""
        elif lowered in ("x-llmgw-token", "x-api-key"):
            text = value.strip().removeprefix("Bearer ").strip()
        if _SHAPE.match(text):
            found.add(text)
    if len(found) > 1:
        _invalid("two different tokens were sent", "Send one.")
    return next(iter(found), None)


class TokenVerifier:
    """Verifies tokens of one issuer for one audience."""

    def __init__(self, settings: OAuth, source: KeySource) -> None:
        self._settings = settings
        self._source = source

    def verify(self, token: str, now: datetime) -> Claims:
        """The claims of a token of the issuer for the audience, in its time (60 s leeway). `now` is aware.

        Raises Refused: `llmgw_token_missing` for an empty text, else `llmgw_token_invalid`, also while the issuer's
        keys are not available.
        """
        if not token:
            _missing()
        if len(token) > MAXIMUM_TOKEN_BYTES or not _SHAPE.match(token):
            _invalid("it is not a signed JWT")
        try:
            keys = self._source.keys(now)
        except KeysUnavailable:
            _invalid("the gateway has no current keys of the issuer", "Try again later, or tell the operator.")
        try:
            verified = jws.deserialize_compact(token.encode("ascii"), keys, registry=_Algorithms())
            _check_header(verified.protected)
            claims = strict_json.loads(verified.payload, max_depth=16)
            if not isinstance(claims, dict):
                _invalid("its payload is not an object")
            self._check_claims(claims, now)
        except ExpiredTokenError:
            _invalid("it has expired")
        # No cause: the messages of the library quote headers and claims. UnicodeError is a ValueError.
        except (JoseError, ValueError, TypeError, KeyError):
            _invalid("its signature, issuer, audience or time is not what it should be")
        except Refused as refused:
            if refused.refusal.code == "llmgw_token_invalid":
                raise
            _invalid("its payload is not JSON")
        return _read_claims(claims)

    def _check_claims(self, claims: dict[str, Json], now: datetime) -> None:
        registry = JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": self._settings.issuer},
            aud={"essential": True, "value": self._settings.audience},
            exp={"essential": True},
        )
        registry.validate(claims)

    def authenticate(
        self, record: AgentRecord, headers: Iterable[tuple[str, str]], *, identity: Identity, now: datetime
    ) -> Claims | None:
        """The token of a request, verified and bound; None when none was sent and none is required. Raises Refused."""
        token = find_token(headers)
        if token is None and not self._settings.required:
            return None
        claims = self.verify(token or "", now)
        bind(record, claims, fingerprint=identity.fingerprint)
        return claims


def bind(record: AgentRecord, claims: Claims, *, fingerprint: str = "") -> None:
    """Check that the token is the agent's, and that of the certificate (hex SHA-256) if it is bound to one.

    Raises Refused (`llmgw_token_mismatch`).
    """
    if not record.oauth_client_id:
        _mismatch("no OAuth2 client is registered for this agent")
    if not hmac.compare_digest(record.oauth_client_id.encode(), claims.client_id.encode()):
        _mismatch("the token is another client's")
    bound = claims.certificate_thumbprint
    if bound and not hmac.compare_digest(bound, fingerprint):
        _mismatch("the token is bound to another certificate")


def _check_header(header: Header) -> None:
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.lower() not in _TYPES:
        _invalid("it is a token for another purpose")
    if "crit" in header or "b64" in header:
        _invalid("its header has an extension that is not understood")


def _read_claims(claims: Mapping[str, Json]) -> Claims:
    # RFC 9068 says client_id, OpenID Connect azp; where the issuer knows neither, the subject is the client.
    named = [claims[name] for name in ("client_id", "azp") if name in claims] or [claims.get("sub")]
    client_id = named[0]
    if not isinstance(client_id, str) or not client_id or any(other != client_id for other in named):
        _invalid("it does not name one client")
    expires = claims["exp"]
    thumbprint = ""
    if "cnf" in claims:
        confirmation = claims["cnf"]
        value = confirmation.get("x5t#S256") if isinstance(confirmation, dict) else None
        thumbprint = _thumbprint(value)
    return Claims(client_id, float(expires) if isinstance(expires, int | float) else 0.0, thumbprint)


def _thumbprint(value: Json) -> str:
    """Hex of the base64url SHA-256. A token bound to something else than a certificate cannot be checked here."""
    try:
        digest = base64.urlsafe_b64decode(f"{value}=") if isinstance(value, str) else b""
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) != 32:
        _invalid("it is bound to a key that is not the client certificate's")
    return digest.hex()
