"""Proves to an upstream who asks: the last thing that happens to a request before it leaves.

Whatever the client sent to prove itself was left behind with its other headers. A bearer token or a key in a header is
the only way so far; AWS's Signature Version 4, which covers host, date, content type, the path (its model's id encoded
twice) and the body's hash, fits behind the same protocol, because a signer sees the whole outgoing request.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.model import Credential


@dataclass(frozen=True, slots=True)
class OutgoingRequest:
    """A request as it will leave, but for what the signer adds."""

    method: str
    host: str
    """With its port, unless that is the scheme's own."""
    target: str = field(repr=False)
    """Path and query."""
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    """Lower-case names; `host` is among them."""
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Signed:
    """What proves who asks."""

    headers: tuple[tuple[str, str], ...] = field(repr=False)
    """To be added to the request's own."""
    secrets: tuple[str, ...] = field(repr=False)
    """What must not come back in the answer."""


class HeaderSigner:
    """The credential itself in a header, as `Authorization: Bearer` or `x-api-key`."""

    def __init__(self, credentials: Callable[[str], str]) -> None:
        """`credentials` resolves a credential's source."""
        self._credentials = credentials

    def __call__(self, credential: Credential, request: OutgoingRequest) -> Signed:
        """See `gateway.ports.RequestSigner`. Raises Refused (`llmgw_credential_missing`)."""
        value = self._credentials(credential.source)
        return Signed(((credential.header, f"{credential.prefix}{value}"),), (value,))
