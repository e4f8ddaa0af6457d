"""What the shipped rules promise."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.entities import ENTITY_GROUPS
from gateway.model import Classification, Level, Tier
from routing_rules.decide import decide
from routing_rules.model import DIALECTS
from routing_rules.policy import RuleContext
from tests.routing_rules.contexts import AGENT, context, shipped

POLICY = shipped()
PUBLIC, INTERNAL, CONFIDENTIAL, RESTRICTED = Level
CLAUDE = {"dialect": "anthropic.messages", "model": "claude-sonnet-4-5"}
GPT = {"dialect": "openai.chat", "model": "gpt-4.1"}


@pytest.mark.parametrize(
    ("asked", "rule", "upstream", "profile"),
    [
        (context(PUBLIC, **GPT), "public-third-party", "third-party-openai", "pii"),
        (context(PUBLIC, **CLAUDE), "public-third-party", "third-party-anthropic", "pii"),
        (context(INTERNAL, **GPT), "public-third-party", "third-party-openai", "pii"),
        (context(CONFIDENTIAL, **GPT), "confidential-sovereign", "sovereign-eu", "pii"),
        (context(CONFIDENTIAL, **CLAUDE), "confidential-sovereign", "sovereign-eu", "pii"),
        (context(RESTRICTED, **GPT), "restricted-on-prem", "on-prem", "none"),
        (context(RESTRICTED, **CLAUDE), "restricted-on-prem", "on-prem", "none"),
        (
            context(RESTRICTED, PUBLIC, entities={"API_KEY": 1}, **GPT),
            "public-third-party",
            "third-party-openai",
            "pii",
        ),
        (context(RESTRICTED, CONFIDENTIAL, entities={"API_KEY": 1}), "confidential-sovereign", "sovereign-eu", "pii"),
        (context(RESTRICTED, PUBLIC, entities={"PRIVATE_KEY": 1}, **GPT), "private-keys", None, None),
        (context(RESTRICTED, entities={"PRIVATE_KEY": 1}), "private-keys", None, None),
    ],
)
def test_where_it_goes(asked: RuleContext, rule: str, upstream: str | None, profile: str | None) -> None:
    decision = decide(POLICY, asked)
    assert decision.rule == rule, decision.reason
    assert (decision.upstream.id if decision.upstream else None) == upstream
    assert (decision.profile.name if decision.profile else None) == profile
    assert decision.allow is (upstream is not None)
    assert decision.reason


def test_levels() -> None:
    table = POLICY.classification_table
    levels = {
        "API_KEY": RESTRICTED, "PRIVATE_KEY": RESTRICTED, "HEALTH_CONDITION": RESTRICTED, "PERSON": INTERNAL,
        "EMAIL_ADDRESS": INTERNAL, "CREDIT_CARD": CONFIDENTIAL, "IBAN_CODE": CONFIDENTIAL, "US_SSN": CONFIDENTIAL,
        "DATE_OF_BIRTH": CONFIDENTIAL, "MARKING_RESTRICTED": RESTRICTED, "MARKING_PUBLIC": PUBLIC, "LOCATION": PUBLIC,
    }  # fmt: skip
    assert {name: table.level_of(name) for name in levels} == levels
    for name in ENTITY_GROUPS:
        if name != "LITERAL":
            assert isinstance(table.level_of(name), Level), name


contexts = st.builds(
    lambda levels, agent, dialect, model, found, attachments, away: RuleContext(
        replace(AGENT, **agent), dialect, model, Classification(max(levels), min(levels), ()), found, attachments, away
    ),
    st.tuples(st.sampled_from(Level), st.sampled_from(Level)),
    st.fixed_dictionaries(
        {"clearance": st.sampled_from(Level), "tenant": st.text(max_size=5), "canary": st.booleans()}
    ),
    st.sampled_from((*DIALECTS, "unknown.dialect")),
    st.sampled_from(("gpt-4.1", "claude-haiku-4-5", "*", "")) | st.text(max_size=20),
    st.dictionaries(st.sampled_from(sorted(ENTITY_GROUPS)), st.integers(0, 3), max_size=6),
    st.integers(0, 3),
    st.frozensets(st.sampled_from(sorted(POLICY.upstreams))),
)


@given(contexts)
def test_promises(asked: RuleContext) -> None:
    decision = decide(POLICY, asked)
    assert decision.reason
    assert decision.policy_version == POLICY.version
    assert decision.allow is (decision.upstream is not None) is (decision.profile is not None)
    if decision.upstream is None:
        return
    assert asked.classification.level <= asked.agent.clearance
    assert not asked.entities.get("PRIVATE_KEY")
    assert asked.dialect in decision.upstream.dialects
    assert decision.upstream.id not in asked.unavailable
    assert decision.model or not asked.model
    assert decision.profile is not None
    for candidate in decision.upstreams:
        if asked.classification.residual_level is RESTRICTED:
            assert candidate.tier is Tier.ON_PREM
        if asked.classification.residual_level is CONFIDENTIAL:
            assert candidate.tier is not Tier.THIRD_PARTY
        if candidate.tier is not Tier.ON_PREM:
            assert decision.profile.entities["@secret"] == "placeholder"
            assert decision.profile.entities["@personal"] == "placeholder"
