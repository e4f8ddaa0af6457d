"""A compiled policy: frozen, checked, ready to decide."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final, Literal

from gateway.classification import ClassificationTable
from gateway.model import AgentRecord, Classification, Operator, Profile, Upstream
from gateway.restore.guard import AnswerAction, AnswerProfile

BUILT_IN_PROFILES: Final[Mapping[str, Profile]] = MappingProxyType(
    {
        "none": Profile("none", MappingProxyType({})),
        "secrets": Profile("secrets", MappingProxyType({"@secret": Operator.PLACEHOLDER})),
        "pii": Profile(
            "pii",
            MappingProxyType(
                {"@secret": Operator.PLACEHOLDER, "@personal": Operator.PLACEHOLDER, "@health": Operator.PLACEHOLDER}
            ),
        ),
        "all": Profile("all", MappingProxyType({"@secret": Operator.PLACEHOLDER, "*": Operator.PLACEHOLDER})),
    }
)
"""Profiles that every policy has. A secret becomes a placeholder that is never put back; `none` changes nothing."""

BUILT_IN_ANSWERS: Final[Mapping[str, AnswerProfile]] = MappingProxyType(
    {
        name: AnswerProfile(name, MappingProxyType({group: AnswerAction(action) for group, action in actions.items()}))
        for name, actions in {
            "off": {},
            "report": dict.fromkeys(("@secret", "@personal", "@health"), "report"),
            "secrets": {"@secret": "redact", "@personal": "report", "@health": "report", "CANARY_STRING": "cut"},
            "strict": {"@secret": "redact", "@personal": "redact", "@health": "redact", "CANARY_STRING": "cut"},
        }.items()
    }
)
"""Answer profiles that every policy has."""

CANARY_RULE: Final = "canary"
CLEARANCE_RULE: Final = "clearance"
DEFAULT_RULE: Final = "default-deny"
RESERVED_RULES: Final = frozenset({CANARY_RULE, CLEARANCE_RULE, DEFAULT_RULE})


@dataclass(frozen=True, slots=True)
class RuleContext:
    """Everything a rule may ask about: verified attributes and what the gateway itself found."""

    agent: AgentRecord
    dialect: str
    model: str = field(repr=False)
    classification: Classification
    entities: Mapping[str, int]
    """How many findings of each entity count for the policy."""
    attachments: int
    unavailable: frozenset[str] = frozenset()
    """Ids of upstreams that cannot be used now."""
    unknown_attachments: int = 0
    """How many of the attachments are of unknown content."""


type Predicate = Callable[[RuleContext], bool]


@dataclass(frozen=True, slots=True)
class CompiledCondition:
    """One condition, ready to ask."""

    holds: Predicate
    says: str
    """The condition in words, for the reason of a decision."""


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """One rule, ready to ask."""

    id: str
    conditions: tuple[CompiledCondition, ...]
    reason: str
    """Why it matches when it does, in words."""
    deny: str
    """Sentence for the agent's owner; empty for a rule that routes."""
    route: tuple[Upstream, ...]
    profile: Profile | None
    may_serve: Callable[[AgentRecord], bool]
    """Whether any request of an agent could match: its id, tenant, user and range of levels fit. For the model list."""
    wants_model: Callable[[str], bool]
    """Whether the condition on the model's name holds for a name."""

    def matches(self, context: RuleContext) -> bool:
        """Whether every condition holds."""
        return all(condition.holds(context) for condition in self.conditions)


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that decides about a request."""

    version: str
    """First twelve hex digits of the SHA-256 of the document."""
    classification_table: ClassificationTable
    profiles: Mapping[str, Profile]
    upstreams: Mapping[str, Upstream]
    rules: tuple[CompiledRule, ...]
    placeholder_scope: Literal["request", "agent", "tenant"] = "agent"
    restore_in_urls: bool = False
    unknown_state: Literal["refuse", "pass"] = "refuse"
    """What happens to an id of something kept upstream that the gateway does not know."""
    answers: Mapping[str, AnswerProfile] = field(default_factory=dict)
    """Rule id to what it does about values in answers; rules that do nothing are left out."""
    canary_strings: tuple[str, ...] = field(default=(), repr=False)
    """Texts that are found as CANARY_STRING in answers."""
    canary: tuple[str, Upstream] | None = None
    """SPIFFE id of the self-check agent and the local sink it is routed to, before every rule and check."""

    def models_for(self, agent: AgentRecord) -> tuple[str, ...]:
        """Names of the models that some rule could let `agent` use, sorted. `*` entries name none."""
        if self.canary is not None and agent.spiffe_id == self.canary[0]:
            return tuple(sorted(name for name in self.canary[1].models if name != "*"))
        names = {
            name
            for rule in self.rules
            if not rule.deny and rule.may_serve(agent)
            for upstream in rule.route
            for name in upstream.models
            if name != "*" and rule.wants_model(name)
        }
        return tuple(sorted(names))

    def with_canary(self, upstream: Upstream, agent_spiffe_id: str) -> Policy:
        """This policy with exactly one agent routed to `upstream`, with profile `all`, before everything else.

        No rule can name that upstream. Raises ValueError when the policy already has an upstream of that id.
        """
        if upstream.id in self.upstreams:
            raise ValueError(f"the policy already has an upstream {upstream.id!r}")
        upstreams = MappingProxyType({**self.upstreams, upstream.id: upstream})
        return replace(self, upstreams=upstreams, canary=(agent_spiffe_id, upstream))
