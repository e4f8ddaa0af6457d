from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model import Classification, Level
from routing_rules.conditions import CONDITIONS, compiled, covers
from routing_rules.model import DIALECTS, EntityCondition, LevelCondition, When
from routing_rules.policy import RuleContext
from tests.routing_rules.contexts import AGENT

ENTITIES = ("JWT", "API_KEY", "PERSON", "EMAIL_ADDRESS")
WORDS = (*ENTITIES, "@secret", "@personal", "*")
MODELS = ("gpt", "gpt-4", "gpt-4.1", "claude")


def some(*values: str) -> st.SearchStrategy[tuple[str, ...] | None]:
    return st.none() | st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True).map(tuple)


labels = st.none() | st.sampled_from([level.label for level in Level])
levels = st.none() | st.builds(LevelCondition, at_least=labels, at_most=labels)
whens = st.builds(
    When,
    entities=st.none() | st.builds(EntityCondition, any=some(*WORDS), all=some(*WORDS), none=some(*WORDS)),
    level=levels,
    residual_level=levels,
    agent=some("a", "b"),
    tenant=some("t", "u"),
    model=some(*MODELS, "gpt*", "gpt-4*", "*"),
    dialect=some(*DIALECTS[:3]),
    attachments=st.none() | st.booleans(),
)
contexts = st.builds(
    lambda agent, tenant, dialect, model, level, residual, found, attachments: RuleContext(
        replace(AGENT, agent_id=agent, tenant=tenant),
        dialect,
        model,
        Classification(level, residual, ()),
        found,
        attachments,
    ),
    st.sampled_from("ab"),
    st.sampled_from("tu"),
    st.sampled_from(DIALECTS[:3]),
    st.sampled_from(MODELS),
    st.sampled_from(Level),
    st.sampled_from(Level),
    st.dictionaries(st.sampled_from(ENTITIES), st.integers(0, 2)),
    st.integers(0, 1),
)


@settings(max_examples=400)
@given(whens, whens, st.lists(contexts, min_size=5, max_size=10))
def test_a_rule_reported_as_shadowed_really_never_matches_first(
    earlier: When, later: When, asked: list[RuleContext]
) -> None:
    if covers(earlier, later):
        for each in asked:
            if all(condition.holds(each) for condition in compiled(later)):
                assert all(condition.holds(each) for condition in compiled(earlier))


@given(whens)
def test_a_rule_covers_itself(when: When) -> None:
    assert covers(when, when)
    assert covers(When(), when)


@given(whens)
def test_every_condition_says_something(when: When) -> None:
    empty = when.entities == EntityCondition()  # which the linter refuses
    assert [condition.says for condition in compiled(when)].count("") == int(empty)


def test_only_verified_attributes_and_findings_are_conditions() -> None:
    assert set(CONDITIONS) == set(When.model_fields)
    assert set(CONDITIONS) == {
        "entities", "level", "residual_level", "agent", "tenant", "user", "model", "dialect", "attachments"
    }  # fmt: skip
