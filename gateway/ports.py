"""What the policy layers ask of the outside: protocols that adapters fulfil."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from gateway.attached import Attachment, Opened, Rewrite, Rewrites
    from gateway.errors import Refusal
    from gateway.model import Credential, Operator, ScanResult, TextSpan, Usage


class Scanner(Protocol):
    """Finds what is sensitive in the spans of one request."""

    async def scan(self, spans: Sequence[TextSpan], *, agent: str) -> ScanResult:
        """Scan every span. Never raises for what a text holds: whatever was not scanned makes the result incomplete.

        `agent` is the key of the fair queue.
        """
        ...


class AttachmentOpener(Protocol):
    """Looks into the files of one request, and takes values out of them."""

    async def open(self, attachments: Sequence[Attachment], *, agent: str) -> Opened:
        """Open every attachment. Never raises for what a file holds: what cannot be read is of unknown content.

        `agent` is the key of the fair queue.
        """
        ...

    async def rewrite(self, rewrites: Sequence[Rewrite], *, agent: str) -> Rewrites:
        """Change attachments, and open each changed one again."""
        ...


class ValueOperator(Protocol):
    """Turns a value into what may stand in its place, irreversibly."""

    def __call__(self, operator: Operator, entity: str, value: str) -> str:
        """The replacement of `value`; pure, the same for the same arguments, never holding the value."""
        ...


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


class RequestSigner(Protocol):
    """Proves to an upstream who asks."""

    def __call__(self, credential: Credential, request: OutgoingRequest) -> Signed:
        """What to add to `request` for `credential`. Raises Refused when the credential cannot be had."""
        ...


class StreamFilter(Protocol):
    """Sans-io filter over the bytes of one streamed answer. The output is the same for every chunking of the input."""

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes; return what may go out now. Raises Refused when the stream cannot be trusted."""
        ...

    def close(self) -> bytes:
        """The upstream ended: return what was held back."""
        ...

    def abort(self, refusal: Refusal) -> bytes:
        """End the stream natively with an error; what was held back is dropped. Never raises."""
        ...

    @property
    def failed(self) -> Refusal | None:
        """Why the filter ended the stream natively by itself; its bytes are out, no more are taken."""
        ...

    @property
    def usage(self) -> Usage:
        """Token counts seen so far."""
        ...

    @property
    def restored(self) -> int:
        """Placeholders put back so far."""
        ...


class EvidenceSink(Protocol):
    """Takes one event for each exchange."""

    def emit(self, event: Mapping[str, object]) -> None:
        """Hand over an event. Never blocks, never raises; at the bound the event is counted as lost."""
        ...
