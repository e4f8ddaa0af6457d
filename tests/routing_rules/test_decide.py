from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.model import Level, Tier, Upstream
from routing_rules.decide import decide, offers
from routing_rules.policy import BUILT_IN_PROFILES, RuleContext
from tests.routing_rules.contexts import AGENT, context, policy

TO_INSIDE = "then: {route: [inside], profile: pii}"


def rule(when: str) -> str:
    return f"  - id: it\n    when: {when}\n    {TO_INSIDE}\n"


MATCHING: list[tuple[str, RuleContext, bool]] = [
    ("{level: {at_least: internal}}", context(Level.INTERNAL), True),
    ("{level: {at_least: internal}}", context(Level.PUBLIC), False),
    ("{level: {at_most: internal}}", context(Level.CONFIDENTIAL), False),
    ("{level: {at_least: internal, at_most: confidential}}", context(Level.CONFIDENTIAL), True),
    ("{residual_level: {at_most: public}}", context(Level.RESTRICTED, Level.PUBLIC), True),
    ("{residual_level: {at_least: internal}}", context(Level.RESTRICTED, Level.PUBLIC), False),
    ("{agent: [demo]}", context(), True),
    ("{agent: [Demo]}", context(), False),
    ("{tenant: [sales, research]}", context(), True),
    ("{tenant: [sales]}", context(), False),
    ("{user: [ana]}", context(), True),
    ("{user: [bob]}", context(), False),
    ("{model: [small]}", context(), True),
    ("{model: [smal]}", context(), False),
    ("{model: ['sm*']}", context(), True),
    ("{model: ['*']}", context(), True),
    ("{model: ['large*']}", context(), False),
    ("{dialect: [openai.chat]}", context(), True),
    ("{dialect: [anthropic.messages]}", context(), False),
    ("{attachments: true}", context(attachments=2), True),
    ("{attachments: true}", context(), False),
    ("{attachments: false}", context(attachments=1), False),
    ("{entities: {any: [JWT, API_KEY]}}", context(entities={"JWT": 1}), True),
    ("{entities: {any: [JWT, API_KEY]}}", context(entities={"JWT": 0}), False),
    ("{entities: {any: ['@secret']}}", context(entities={"JWT": 1}), True),
    ("{entities: {any: ['@secret']}}", context(entities={"PERSON": 1}), False),
    ("{entities: {any: ['*']}}", context(entities={"PERSON": 1}), True),
    ("{entities: {any: ['*']}}", context(), False),
    ("{entities: {all: [JWT, PERSON]}}", context(entities={"JWT": 1, "PERSON": 1}), True),
    ("{entities: {all: [JWT, PERSON]}}", context(entities={"JWT": 1}), False),
    ("{entities: {none: ['@personal']}}", context(entities={"JWT": 1}), True),
    ("{entities: {none: ['@personal']}}", context(entities={"PERSON": 1}), False),
    ("{entities: {none: ['@personal']}}", context(entities={"NOBODY_DECLARED_IT": 1}), False),
    ("{agent: [demo], attachments: true}", context(), False),
    ("{agent: [demo], attachments: false}", context(), True),
]


@pytest.mark.parametrize(
    ("when", "asked", "matches"), MATCHING, ids=lambda value: value if isinstance(value, str) else ""
)
def test_condition(when: str, asked: RuleContext, matches: bool) -> None:
    decision = decide(policy(rule(when)), asked)
    assert decision.allow is matches
    assert decision.rule == ("it" if matches else "default-deny")
    assert decision.reason


def test_first_match_wins() -> None:
    two = policy(
        "  - id: first\n    when: {agent: [demo]}\n    then: {deny: Not you.}\n"
        "  - id: second\n    then: {route: [inside], profile: pii}\n"
    )
    first = decide(two, context())
    assert (first.allow, first.rule, first.message) == (False, "first", "Not you.")
    assert first.reason == "rule first matched: agent is demo"
    assert first.policy_version == two.version
    other = decide(two, context(agent=replace(AGENT, agent_id="other")))
    assert (other.allow, other.rule, other.reason) == (True, "second", "rule second matched: it matches every request")


def test_no_match_denies_with_a_reason() -> None:
    decision = decide(policy(rule("{agent: [nobody]}")), context())
    assert not decision.allow
    assert (decision.rule, decision.reason) == ("default-deny", "no rule of the policy matched")
    assert decision.upstreams == ()
    assert decision.upstream is None
    assert decision.profile is None


@pytest.mark.parametrize("clearance", list(Level))
@pytest.mark.parametrize("level", list(Level))
def test_clearance_comes_before_every_rule(level: Level, clearance: Level) -> None:
    decision = decide(
        policy(f"  - id: it\n    {TO_INSIDE}\n"), context(level, agent=replace(AGENT, clearance=clearance))
    )
    assert decision.allow is (level <= clearance)
    assert decision.rule == ("it" if level <= clearance else "clearance")
    if not decision.allow:
        assert decision.reason == f"level {level.label} is above the agent's clearance {clearance.label}"


ROUTE = "  - id: it\n    then: {route: [near, far, inside], profile: all}\n"


@pytest.mark.parametrize(
    ("asked", "upstream", "model"),
    [
        (context(), "near", "near-small"),
        (context(unavailable=frozenset({"near"})), "far", "everything"),
        (context(unavailable=frozenset({"near", "far"})), "inside", "small-v2"),
        (context(model="other"), "far", "everything"),
        (context(dialect="anthropic.messages", model="other"), "inside", "other"),
        (context(dialect="anthropic.messages"), "inside", "small-v2"),
    ],
)
def test_first_upstream_that_can_serve(asked: RuleContext, upstream: str, model: str) -> None:
    decision = decide(policy(ROUTE), asked)
    assert decision.allow
    assert decision.upstream is not None
    assert (decision.upstream.id, decision.model) == (upstream, model)
    assert decision.upstreams[0] is decision.upstream
    assert decision.profile is BUILT_IN_PROFILES["all"]


def test_nothing_falls_through_when_no_upstream_can_serve() -> None:
    chain = policy(
        "  - id: near-only\n    when: {agent: [demo]}\n    then: {route: [near], profile: pii}\n"
        "  - id: rest\n    then: {route: [far], profile: pii}\n"
    )
    away = decide(chain, context(unavailable=frozenset({"near"})))
    assert (away.allow, away.rule) == (False, "near-only")
    assert away.reason == "no upstream of this rule that offers this model is available now"
    none = decide(chain, context(model="my-secret-model"))
    assert (none.allow, none.rule) == (False, "near-only")
    assert none.reason == "no upstream of this rule offers this model in the dialect openai.chat"
    assert "my-secret-model" not in none.reason + none.message


@pytest.mark.parametrize("model", ["gpt-oss:120b-cloud", "kimi-k2:cloud", "GLM:Cloud", "hub/a:1b-cloud"])
def test_a_model_that_a_local_server_hands_on_is_not_offered_inside(model: str) -> None:
    inside = policy("  - id: in\n    then: {route: [inside], profile: pii}\n")
    decision = decide(inside, context(model=model))
    assert not decision.allow
    assert "a local server hands its requests on to its vendor" in decision.reason
    outside = policy("  - id: out\n    then: {route: [inside, far], profile: pii}\n")
    upstream = decide(outside, context(model=model)).upstream
    assert upstream is not None and upstream.id == "far"
    for name in ("cloud", "my-cloud", "cloud:7b", "nimbus/cloud-7b"):
        assert decide(inside, context(model=name)).allow


def test_models_of_an_agent() -> None:
    rules = policy(
        "  - id: denied\n    when: {tenant: [sales]}\n    then: {deny: Not here.}\n"
        "  - id: ana\n    when: {user: [ana], model: ['l*']}\n    then: {route: [near], profile: pii}\n"
        "  - id: top\n    when: {level: {at_least: restricted}}\n    then: {route: [inside], profile: pii}\n"
    )
    assert rules.models_for(AGENT) == ("large", "small")
    assert rules.models_for(replace(AGENT, user="bob")) == ("small",)
    assert rules.models_for(replace(AGENT, clearance=Level.INTERNAL)) == ("large",)
    assert rules.models_for(replace(AGENT, user="bob", clearance=Level.INTERNAL)) == ()


def sink() -> Upstream:
    return Upstream(
        "llmgw-canary", Tier.ON_PREM, "http", "127.0.0.1", 1, "", frozenset({"openai.chat"}), {"canary": "canary"}
    )


def test_canary_goes_to_its_sink_and_nobody_else_does() -> None:
    base = policy("  - id: it\n    then: {deny: Nobody.}\n")
    canary = replace(AGENT, agent_id="canary", spiffe_id="spiffe://corp.example/llmgw/canary", clearance=Level.PUBLIC)
    armed = base.with_canary(sink(), canary.spiffe_id)
    asked = context(Level.RESTRICTED, agent=canary, model="canary")
    decision = decide(armed, asked)
    assert (decision.allow, decision.rule) == (True, "canary")
    assert decision.upstream == sink()
    assert decision.profile is not None
    assert decision.profile.name == "all"
    assert armed.models_for(canary) == ("canary",)
    assert armed.version == base.version
    assert decide(armed, context(model="canary")).rule == "it"
    # The registry's word alone lets nobody past the clearance: the policy names the one agent.
    pretender = replace(canary, spiffe_id=AGENT.spiffe_id, canary=True)
    assert decide(armed, context(Level.RESTRICTED, agent=pretender)).rule == "clearance"
    assert decide(armed, context(agent=canary, model="small")).allow is False
    with pytest.raises(ValueError, match="already has an upstream"):
        armed.with_canary(sink(), canary.spiffe_id)


def test_prefix_is_not_doubled() -> None:
    upstreams = policy(ROUTE).upstreams
    assert [upstreams[name].prefix for name in ("inside", "near", "far")] == ["", "", "/llm"]
    assert offers(upstreams["near"], "openai.chat", "*") is None


def test_secrets_are_never_restorable() -> None:
    text = "profiles:\n  mine:\n    entities: {'*': placeholder}\n"
    from routing_rules.compile import parse_policy
    from tests.routing_rules.contexts import HEAD

    own = parse_policy(HEAD.replace("upstreams:\n", text + "upstreams:\n") + rule("{}"), "rules.yaml").profiles["mine"]
    assert own.entities["@secret"] == "placeholder"
    assert set(BUILT_IN_PROFILES) == {"none", "secrets", "pii", "all"}
    assert BUILT_IN_PROFILES["all"].entities == {"*": "placeholder", "@secret": "placeholder"}
