"""`gateway.yaml`: how one gateway is set up. Everything that decides about a request is in the policy, not in here.

Paths are relative to the folder of the file. Sizes are bytes, times are seconds.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from gateway.document_model import Document, FilePath, Version

type Seconds = Annotated[float, Field(gt=0, le=86_400)]
type Port = Annotated[int, Field(ge=0, le=65_535)]


class Listen(Document):
    """The door for agents: mutual TLS, always."""

    host: str = "127.0.0.1"
    port: Port = 8443
    certificate: FilePath
    """PEM chain of the gateway's own certificate."""
    key: FilePath
    client_ca: FilePath
    """PEM bundle: the only anchors for client certificates."""
    client_crl: FilePath | None = None
    """PEM or DER revocation list. Once it is past its nextUpdate every client is refused."""
    minimum_tls: Literal["1.2", "1.3"] = "1.2"


class Limits(Document):
    """Bounds on what a client may send and how long it may take. At a bound the request is refused."""

    header_bytes: Annotated[int, Field(ge=1024, le=1_048_576)] = 32_768
    header_count: Annotated[int, Field(ge=8, le=1000)] = 100
    body_bytes: Annotated[int, Field(ge=1024)] = 32 * 1024 * 1024
    decoded_bytes: Annotated[int, Field(ge=1024)] = 32 * 1024 * 1024
    answer_bytes: Annotated[int, Field(ge=1024)] = 64 * 1024 * 1024
    handshake_seconds: Seconds = 10.0
    headers_seconds: Seconds = 10.0
    body_seconds: Seconds = 60.0
    idle_seconds: Seconds = 300.0
    hook_seconds: Seconds = 60.0
    """How long one step of the chain may take before the exchange is refused."""
    connections: Annotated[int, Field(ge=1)] = 2_000
    connections_per_agent: Annotated[int, Field(ge=1)] = 64


class Keys(Document):
    """Key file of the gateway: HMAC keys for prompt hashes and placeholders."""

    file: FilePath


class OAuth(Document):
    """OAuth2 client credentials as a second proof, bound to the certificate (RFC 6749, RFC 7519)."""

    issuer: str
    audience: str
    jwks_file: FilePath | None = None
    jwks_url: str | None = None
    jwks_ca_file: FilePath | None = None
    """PEM bundle that alone is trusted for `jwks_url`."""
    required: bool = False
    """Whether a certificate alone is not enough."""


class IdentitySettings(Document):
    """Who may be whom."""

    trust_domain: str
    registry: FilePath
    oauth: OAuth | None = None


type EntityName = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{1,46}$")]
type LevelName = Literal["public", "internal", "confidential", "restricted"]


class DenyList(Document):
    """Terms that give something away by being named, one a line; # begins a comment."""

    file: FilePath
    entity: EntityName = "CODE_NAME"
    level: LevelName | None = None
    """What a finding counts as at least; the policy can raise it."""


class Fingerprints(Document):
    """Fingerprints of documents, made by `llmgw fingerprint build`."""

    file: FilePath
    passage: Annotated[int, Field(ge=80, le=10_000)] = 160
    """Letters and digits that a passage must share with a document to count as a copy."""
    share: Annotated[float, Field(gt=0, le=1)] = 0.5
    """Or how much of the document must be there."""


class AttachmentSettings(Document):
    """What opening one attached file, and what is nested in it, may cost. Beyond a bound its content is unknown."""

    processes: Annotated[int, Field(ge=1, le=64)] = 1
    """Opener processes for each proxy worker; the first attachment starts them."""
    seconds: Annotated[float, Field(gt=0, le=600)] = 10.0
    memory_bytes: Annotated[int, Field(ge=64 * 1024 * 1024)] = 768 * 1024 * 1024
    unpacked_bytes: Annotated[int, Field(ge=1024)] = 64 * 1024 * 1024
    """Of all that archives and Office files in it hold."""
    pages: Annotated[int, Field(ge=1)] = 500
    """Pages, slides and sheets."""
    characters: Annotated[int, Field(ge=1024, le=8_000_000)] = 2_000_000
    """Of all its texts."""
    ocr: Literal["auto", "off"] = "auto"
    """Whether images are read with Tesseract where that is installed; else they are of unknown content."""


class Dlp(Document):
    """The scanner: its processes, its bounds."""

    workers: Annotated[int, Field(ge=1, le=64)] = 1
    """Scan processes for each proxy worker."""
    deadline_seconds: Seconds = 20.0
    queue: Annotated[int, Field(ge=1)] = 512
    queue_per_agent: Annotated[int, Field(ge=1)] = 128
    cache_bytes: Annotated[int, Field(ge=0)] = 64 * 1024 * 1024
    attachments: AttachmentSettings = AttachmentSettings()
    spacy_pipelines: tuple[str, ...] = ()
    """Installed spaCy pipelines for names, organisations and places, by name; empty: see `names`."""
    names: Literal["embedded", "rules"] = "embedded"
    """Where names come from when no pipeline is named: the embedded model and the rules, or the rules alone."""
    unknown_language: Literal["all", "embedded", "refuse"] = "all"
    """What reads a span whose language is not clear, where several pipelines are named: all of them, the embedded
    model, or nothing: the request is refused."""
    allow_examples: bool = True
    """Whether well-known documentation examples (4111 1111 1111 1111, ...) are left alone."""
    recognizers: tuple[FilePath, ...] = ()
    """Files of recognizers, or folders with such files (*.yaml)."""
    deny_lists: tuple[DenyList, ...] = ()
    exact_match: tuple[FilePath, ...] = ()
    """Tables of record values, made by `llmgw match build`."""
    fingerprints: tuple[Fingerprints, ...] = ()


class Redis(Document):
    """Where events go."""

    url: str
    """`redis://` or `rediss://` URL; a password belongs in `password_file`."""
    password_file: FilePath | None = None
    stream: str = "llmgw:events"
    maxlen: Annotated[int, Field(ge=1)] = 1_000_000


class Evidence(Document):
    """What is left behind."""

    outbox: FilePath = Path("state/outbox")
    """Folder of the durable local outbox; one database for each worker."""
    outbox_events: Annotated[int, Field(ge=100)] = 1_000_000
    """Bound of the outbox. Beyond it new events are counted as lost, and readiness says so."""
    retain_events: Annotated[int, Field(ge=0)] = 100_000
    """Delivered events kept for a Redis that lost its data."""
    redis: Redis | None = None


class Admin(Document):
    """Health, metrics and the status page. Worker N listens on `port + N`; port 0 takes any free one."""

    host: str = "127.0.0.1"
    port: Port = 9464
    hosts: tuple[str, ...] = ()
    """Further names that callers may use in the Host header, such as a container's; loopback and `host` always may."""


class Canary(Document):
    """The self-check that gates readiness: a known-bad prompt through the real listener to a local sink."""

    certificate: FilePath
    key: FilePath
    interval_seconds: Seconds = 60.0


class Run(Document):
    """Processes."""

    workers: Annotated[int, Field(ge=1, le=256)] = 1
    drain_seconds: Seconds = 30.0
    state: FilePath = Path("state")
    upstream_state_days: Annotated[float, Field(gt=0, le=3_660)] = 30.0
    """How long the gateway remembers what a provider keeps (responses, files, batches), since an answer named it."""
    upstream_state_ids: Annotated[int, Field(ge=100)] = 500_000
    """How many such ids there may be; beyond it the oldest are forgotten."""


class Log(Document):
    """The gateway's own log: JSON lines on stderr, never with client text."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "console"] = "json"


class Settings(Document):
    """One gateway."""

    version: Version = 1
    listen: Listen
    identity: IdentitySettings
    policy: FilePath
    keys: Keys
    canary: Canary
    limits: Limits = Limits()
    dlp: Dlp = Dlp()
    evidence: Evidence = Evidence()
    admin: Admin = Admin()
    run: Run = Run()
    log: Log = Log()
