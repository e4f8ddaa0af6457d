"""Values for tests of decisions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import routing_rules
from gateway.model import AgentRecord, Classification, Level
from routing_rules.compile import parse_policy
from routing_rules.policy import Policy, RuleContext

SHIPPED = Path(routing_rules.__file__).parent / "shipped" / "rules.yaml"

AGENT = AgentRecord("demo", "spiffe://corp.example/agent/demo", "ana", "research", Level.RESTRICTED)

HEAD = """\
version: 1
classification:
  default: public
  attachments: confidential
  entities: {"*": internal}
upstreams:
  - id: inside
    tier: on_prem
    base_url: http://127.0.0.1:9101/v1
    allow_private: true
    dialects: [openai.chat, anthropic.messages]
    models: {small: small-v2, "*": "*"}
  - id: near
    tier: sovereign
    base_url: http://127.0.0.1:9102
    allow_private: true
    dialects: [openai.chat]
    models: {small: near-small, large: near-large}
  - id: far
    tier: third_party
    base_url: http://127.0.0.1:9103/llm/v1/
    allow_private: true
    dialects: [openai.chat]
    models: {"*": everything}
rules:
"""


def policy(rules: str) -> Policy:
    """A policy of these rules over the three upstreams above."""
    return parse_policy(HEAD + rules, "rules.yaml")


def shipped() -> Policy:
    """The policy that the product ships with."""
    return parse_policy(SHIPPED.read_text(), str(SHIPPED))


def context(level: Level = Level.PUBLIC, residual: Level | None = None, **changes: object) -> RuleContext:
    """A chat request for the model `small`, by the demo agent, with nothing found."""
    classification = Classification(level, level if residual is None else residual, ())
    return replace(RuleContext(AGENT, "openai.chat", "small", classification, {}, 0), **changes)  # type: ignore[arg-type]
