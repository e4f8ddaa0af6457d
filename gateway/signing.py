"""Proves to an upstream who asks: the last thing that happens to a request before it leaves.

Whatever the client sent to prove itself was left behind with its other headers. A bearer token or a key in a header is
the only way so far; AWS's Signature Version 4, which covers host, date, content type, the path (its model's id encoded
twice) and the body's hash, fits behind the same protocol, because a signer sees the whole outgoing request.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gateway.ports import OutgoingRequest, Signed

if TYPE_CHECKING:
    from gateway.model import Credential


class HeaderSigner:
    """The credential itself in a header, as `Authorization: Bearer` or `x-api-key`."""

    def __init__(self, credentials: Callable[[str], str]) -> None:
        """`credentials` resolves a credential's source."""
        self._credentials = credentials

    def __call__(self, credential: Credential, request: OutgoingRequest) -> Signed:
        """See `gateway.ports.RequestSigner`. Raises Refused (`llmgw_credential_missing`)."""
        value = self._credentials(credential.source)
        return Signed(((credential.header, f"{credential.prefix}{value}"),), (value,))
