"""`rules.yaml`: the policy as people write it. What these models accept is still linted before anything uses it."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from gateway.dialects import NAMES
from gateway.document_model import Document, FilePath, Version

DIALECTS: Final = NAMES
"""Every dialect a policy may name."""

type Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
type LevelName = Literal["public", "internal", "confidential", "restricted"]
type OperatorName = Literal["placeholder", "mask", "hash", "remove"]
type ActionName = Literal["off", "report", "redact", "cut"]
type Word = Annotated[str, Field(min_length=1, max_length=256)]
type Words = Annotated[tuple[Word, ...], Field(min_length=1)]
type CanaryString = Annotated[str, Field(min_length=8, max_length=256)]
type Seconds = Annotated[float, Field(gt=0, le=3_600)]


class Placeholders(Document):
    """Placeholders that stand for removed values."""

    scope: Literal["request", "agent", "tenant"] = "agent"
    """Within what the same value gets the same placeholder."""
    restore_in_urls: bool = False
    """Whether values are put back inside URLs of an answer; a URL can carry them to somebody else."""


class Bulk(Document):
    """Many different values of one group weigh more than each alone."""

    group: Literal["secret", "personal", "health", "organisation"]
    distinct: Annotated[int, Field(ge=2, le=1_000_000)]
    """From how many different values on."""
    level: LevelName


class AttachmentLevels(Document):
    """How sensitive attachments make a request, beside what is found in them."""

    unknown: LevelName
    """Level of a request with an attachment whose content could not be read in full."""
    opened: LevelName = "public"
    """Level of a request with an attachment that was read."""


class ClassificationDocument(Document):
    """What makes a request how sensitive."""

    entities: Annotated[dict[str, LevelName], Field(min_length=1)]
    """Entity, @group or * to level; the most specific entry wins."""
    attachments: LevelName | AttachmentLevels
    """Level of a request with an attachment whose content could not be read in full; or levels for unknown and opened
    ones."""
    default: LevelName
    """Level of a request in which nothing was found."""
    bulk: tuple[Bulk, ...] = ()


class ProfileDocument(Document):
    """A redaction profile of one's own, beside the built-in none, secrets, pii and all."""

    entities: Annotated[dict[str, OperatorName], Field(min_length=1)]
    """Entity, @group or * to what stands in its place; the most specific entry wins."""
    minimum_score: Annotated[float, Field(ge=0, le=1)] = 0.5


class AnswerDocument(Document):
    """What is done about values in an answer that were not in the request, beside the built-in off, report, secrets
    and strict."""

    entities: Annotated[dict[str, ActionName], Field(min_length=1)]
    """Entity, @group or * to what happens; the most specific entry wins, and what none names is let through."""
    minimum_score: Annotated[float, Field(ge=0, le=1)] = 0.5


class CredentialDocument(Document):
    """Where the upstream's own credential is read from; exactly one of file and env."""

    header: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,63}$")] = "authorization"
    """Header it is sent in, lower case."""
    prefix: Annotated[str, Field(max_length=32, pattern=r"^[A-Za-z]* ?$")] = ""
    """What stands before the value, such as "Bearer "."""
    file: FilePath | None = None
    """File whose content is the credential."""
    env: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")] | None = None
    """Environment variable that holds the credential."""


class UpstreamDocument(Document):
    """A place a request can go."""

    id: Id
    """Short name, used by rules, logs and metrics."""
    tier: Literal["on_prem", "sovereign", "third_party"]
    """Who runs it."""
    base_url: str
    """https://host[:port][/prefix]; a /v1 at the end is not doubled."""
    dialects: Words
    """Dialects it speaks."""
    models: Annotated[dict[Word, Word], Field(min_length=1)]
    """Model as agents name it to model as it is named there; "*": "*" passes every other name through."""
    ca_file: FilePath | None = None
    """PEM bundle that alone is trusted for this upstream; required for https."""
    client_certificate: FilePath | None = None
    client_key: FilePath | None = None
    sni: Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]{1,253}$")] | None = None
    """Server name in the handshake, where it differs from the host."""
    credential: CredentialDocument | None = None
    connect_seconds: Seconds = 10.0
    response_seconds: Seconds = 300.0
    """Time to the first byte of the answer."""
    allow_private: bool = False
    """Whether its address may be loopback or private."""


class EntityCondition(Document):
    """What was found. All keys that are given must hold."""

    any: Words | None = None
    """At least one of these was found."""
    all: Words | None = None
    """Every one of these was found."""
    none: Words | None = None
    """None of these was found."""


class LevelCondition(Document):
    """A range of levels, both ends included."""

    at_least: LevelName | None = None
    at_most: LevelName | None = None


class When(Document):
    """Conditions; all that are given must hold. Without any the rule matches every request."""

    entities: EntityCondition | None = None
    level: LevelCondition | None = None
    """The level of the request."""
    residual_level: LevelCondition | None = None
    """The level once every secret has been removed."""
    agent: Words | None = None
    """Ids from the agent registry."""
    tenant: Words | None = None
    user: Words | None = None
    model: Words | None = None
    """Model names; a * at the end takes every name that begins so."""
    dialect: Words | None = None
    attachments: bool | Literal["unknown", "opened"] | None = None
    """Whether the request has attachments; unknown: one whose content could not be read; opened: some, and all were
    read."""


class Then(Document):
    """What to do: deny with a sentence, or route to upstreams with a profile."""

    deny: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    """The sentence for the agent's owner."""
    route: Words | None = None
    """Upstream ids, in order of preference."""
    profile: Word | None = None
    """Redaction profile."""
    answer: Word | None = None
    """Answer profile: what is done about values in the answer that were not in the request. Left out: nothing."""


class RuleDocument(Document):
    """One rule. The first that matches decides."""

    id: Id
    """Short name, used in answers, events and metrics."""
    description: Annotated[str, Field(max_length=1_000)] = ""
    when: When = When()
    then: Then
    """What to do: deny, or route and profile."""
    accept_clear_text: bool = False
    """Says that a profile that leaves secrets in is meant, although a third party is among the upstreams."""


class UpstreamState(Document):
    """What providers keep between requests: earlier responses, conversations, files, batches."""

    unknown: Literal["refuse", "pass"] = "refuse"
    """What happens to a request that names something which its agent did not make through the gateway."""


class RulesDocument(Document):
    """`rules.yaml`."""

    version: Version
    """Version of this format: 1."""
    placeholders: Placeholders = Placeholders()
    classification: ClassificationDocument
    """What makes a request how sensitive."""
    profiles: Annotated[dict[Id, ProfileDocument], Field(default_factory=dict)]
    """Redaction profiles of one's own."""
    answers: Annotated[dict[Id, AnswerDocument], Field(default_factory=dict)]
    """Answer profiles of one's own."""
    canary_strings: Annotated[tuple[CanaryString, ...], Field(max_length=1_000)] = ()
    """Texts planted where nobody should read them (honeytokens). In an answer they are found as CANARY_STRING."""
    upstream_state: UpstreamState = UpstreamState()
    websocket: Literal["refuse", "inspect"] = "refuse"
    """What happens to WebSocket upgrades. Only refuse is built: clients fall back to HTTP."""
    upstreams: Annotated[tuple[UpstreamDocument, ...], Field(min_length=1)]
    """Every place a request can go."""
    rules: Annotated[tuple[RuleDocument, ...], Field(min_length=1)]
    """The rules; the first that matches decides, none denies."""
