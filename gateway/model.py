"""The values that travel along the path of one request. Frozen; each is made once, by one step.

Sensitive text lives only in fields with `repr=False`; nothing in here prints it.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.attached import Attachment as Attachment  # noqa: PLC0414 -- told to type checkers as ours

type Json = dict[str, Any] | list[Any] | str | int | float | bool | None
"""A parsed JSON value. `Any` stops here: walkers narrow it with isinstance."""


class Level(enum.IntEnum):
    """How sensitive a request is, lowest first."""

    PUBLIC = 0
    INTERNAL = 1
    CONFIDENTIAL = 2
    RESTRICTED = 3

    @property
    def label(self) -> str:
        """The level's name in policies, headers and events: `public` ... `restricted`."""
        return self.name.lower()

    @classmethod
    def parse(cls, text: str) -> Level:
        """The level named `text` (exact, lower case). Raises ValueError."""
        for level in cls:
            if level.label == text:
                return level
        raise ValueError(f"{text!r} is not a level: use public, internal, confidential or restricted")


class Tier(enum.StrEnum):
    """Who runs an upstream, most trusted first."""

    ON_PREM = "on_prem"
    SOVEREIGN = "sovereign"
    THIRD_PARTY = "third_party"


class AgentState(enum.StrEnum):
    """Whether an agent in the registry may call."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the TLS handshake proved the peer to be. Made from the leaf certificate alone, kept per connection."""

    spiffe_id: str
    serial: int
    issuer: str
    """RFC 4514 string of the issuer's distinguished name; with `serial` the key of a CRL entry."""
    not_before: datetime
    not_after: datetime
    fingerprint: str
    """Hex SHA-256 of the leaf's DER form."""


@dataclass(frozen=True, slots=True)
class AgentRecord:
    """What the registry says of an agent."""

    agent_id: str
    spiffe_id: str
    user: str
    tenant: str
    clearance: Level
    state: AgentState = AgentState.ACTIVE
    minimum_level: Level = Level.PUBLIC
    """Every request of this agent is at least this sensitive."""
    version: str = ""
    runtime_hash: str = ""
    oauth_client_id: str = ""
    """The `client_id`/`sub` that an OAuth2 token must carry to be this agent; empty: tokens are not accepted."""
    canary: bool = False
    """The gateway's own self-check agent: routed to the local sink only, left out of the events."""


class SpanKind(enum.StrEnum):
    """Where a span's text stands in the body."""

    TEXT = "text"
    """A string value: scanned, redacted in place."""
    KEY = "key"
    """An object key: scanned, redacted by renaming the key."""
    NUMBER = "number"
    """A number with eight or more digits, as its decimal text: scanned; redaction turns it into a string."""
    SEALED = "sealed"
    """Text that must stay byte-identical (signed reasoning, opaque state): scanned; a finding that the profile would
    remove refuses the request, because it cannot be removed."""
    ATTACHED = "attached"
    """Text inside an attachment: scanned; offsets are those of the extracted text, `path` is the attachment's. What
    the profile would remove is removed by rewriting the attachment, or refuses the request."""


@dataclass(frozen=True, slots=True)
class TextSpan:
    """One string of a request body, and where it stands."""

    path: str = field(repr=False)
    """RFC 6901 JSON pointer into the body. For a key span: the pointer of the member that the key names."""
    text: str = field(repr=False)
    kind: SpanKind = SpanKind.TEXT


@dataclass(frozen=True, slots=True)
class Framing:
    """How a body that is not one JSON document is written, and read back for the last check. Both are pure."""

    content_type: str
    """The header's value that goes with what `dump` writes; empty for no body."""
    dump: Callable[[Json], bytes] = field(repr=False)
    """The tree, as redacted, as bytes. Raises Refused for a tree that cannot be written."""
    load: Callable[[bytes], Json] = field(repr=False)
    """What `dump` wrote, as a tree again: every text of the bytes stands in it. Raises Refused."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A request body, parsed by its dialect."""

    dialect: str
    model: str
    stream: bool
    spans: tuple[TextSpan, ...] = field(repr=False)
    attachments: tuple[Attachment, ...]
    body: Json = field(repr=False)
    """The tree the spans point into. Never changed: redaction builds a new one."""
    state_ref: str = ""
    """Reference to state kept upstream (`previous_response_id`, ...); empty if the request is self-contained."""
    references: tuple[str, ...] = field(default=(), repr=False)
    """Every id of something that an upstream keeps (response, conversation, file, batch, ...), in body and path."""
    models: tuple[str, ...] = ("/model",)
    """Pointers to where the model's name stands in `body`: the upstream's own name is written there."""
    framing: Framing | None = None
    """How `body` is written; None: as one JSON document."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something found in a span. Holds no text."""

    span: int
    """Index into `Prompt.spans`."""
    start: int
    end: int
    """Offsets into the span's text, in code points, end exclusive."""
    entity: str
    score: float
    recognizer: str


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What scanning said. `complete` is False when any part was not scanned: that refuses the request."""

    findings: tuple[Finding, ...]
    complete: bool
    reason: str = ""
    """Why it is incomplete: `deadline`, `queue_full`, `worker_died`, `error`, ... ; empty when complete."""
    total_bytes: int = 0
    """UTF-8 bytes in all spans."""
    new_bytes: int = 0
    """UTF-8 bytes that were scanned now; the rest came from the span cache."""
    degraded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Classification:
    """How sensitive a request is, and why."""

    level: Level
    residual_level: Level
    """The level that is left once every secret has been removed. Routing may use it: a key that is cut out does not
    make the question around it secret."""
    reasons: tuple[str, ...]


class Operator(enum.StrEnum):
    """What redaction puts in the place of a value."""

    PLACEHOLDER = "placeholder"
    """A keyed placeholder that is put back in the answer (never for secrets)."""
    MASK = "mask"
    HASH = "hash"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Profile:
    """Which entities a destination must not receive, and what stands in their place."""

    name: str
    entities: Mapping[str, Operator]
    """Entity name, or `@group`, or `*` for everything found, to its operator; the most specific wins."""
    minimum_score: float = 0.5


@dataclass(frozen=True, slots=True)
class Credential:
    """Where an upstream's credential comes from. The value itself is read late and never kept in a policy."""

    header: str
    """Header it is sent in: `authorization` or `x-api-key`, ..."""
    prefix: str
    """What stands before the value: `Bearer ` or nothing."""
    source: str
    """`file:PATH` or `env:NAME`."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """A place a request can go."""

    id: str
    tier: Tier
    scheme: str
    host: str
    port: int
    prefix: str
    """Path before the dialect's own path; no slash at the end."""
    dialects: frozenset[str]
    models: Mapping[str, str]
    """Model as the agent names it to model as the upstream names it; key `*` takes every other, value `*` keeps the
    agent's name."""
    credential: Credential | None = None
    ca_file: str = ""
    """PEM bundle that alone is trusted for this upstream; empty only for plain http to loopback."""
    client_cert_file: str = ""
    client_key_file: str = ""
    sni: str = ""
    connect_seconds: float = 10.0
    response_seconds: float = 300.0
    """Time to the answer's first byte."""
    allow_private: bool = False
    """Whether the address may be loopback, private or link-local."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a policy says about one request, and why."""

    allow: bool
    rule: str
    """Id of the rule that matched; `default-deny` if none did."""
    reason: str
    policy_version: str
    message: str = ""
    """For a denial: the sentence the policy's author wrote for the agent's owner."""
    upstreams: tuple[Upstream, ...] = ()
    """Candidates in order; empty on denial."""
    upstream: Upstream | None = None
    model: str = ""
    """The model's name at the chosen upstream."""
    profile: Profile | None = None


@dataclass(frozen=True, slots=True)
class Redaction:
    """A body fit for its destination, and what is needed to put values back."""

    body: bytes = field(repr=False)
    """The bytes to send: our own serialisation."""
    restore: Mapping[str, str] = field(repr=False)
    """Placeholder to value, restorable ones only."""
    removed: tuple[str, ...] = field(repr=False)
    """Every distinct value that had to go, for the last check."""
    counts: Mapping[str, int]
    """Replacements made, by entity."""
    framing: Framing | None = None
    """How `body` was written; None: as one JSON document."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the upstream counted them; None where it did not say."""

    input_tokens: int | None = None
    output_tokens: int | None = None
