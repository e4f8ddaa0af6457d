from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.classification import BulkRule, ClassificationTable, classify
from gateway.entities import ENTITY_GROUPS, EntityGroup
from gateway.model import AgentRecord, Attachment, Finding, Level, Prompt, ScanResult, TextSpan

PUBLIC, INTERNAL, CONFIDENTIAL, RESTRICTED = Level
TABLE = ClassificationTable(
    entities={
        "@secret": RESTRICTED,
        "@health": RESTRICTED,
        "@personal": INTERNAL,
        "@organisation": PUBLIC,
        "CREDIT_CARD": CONFIDENTIAL,
        "MARKING_CONFIDENTIAL": CONFIDENTIAL,
        "MARKING_PUBLIC": PUBLIC,
    },
    attachments=CONFIDENTIAL,
    default=PUBLIC,
    bulk=(BulkRule(EntityGroup.PERSONAL, 3, CONFIDENTIAL),),
)
AGENT = AgentRecord("demo", "spiffe://corp.example/agent/demo", "ana", "research", RESTRICTED)


def prompt(*texts: str, attachments: int = 0) -> Prompt:
    parts = tuple(Attachment(f"/{n}", "image/png", 1) for n in range(attachments))
    return Prompt(
        "openai.chat", "m", False, tuple(TextSpan(f"/{n}", text) for n, text in enumerate(texts)), parts, None
    )


def found(*entities: str | tuple[str, float]) -> ScanResult:
    pairs = [(each, 1.0) if isinstance(each, str) else each for each in entities]
    return ScanResult(tuple(Finding(0, 0, 1, name, score, "test") for name, score in pairs), True)


@pytest.mark.parametrize(
    ("scan", "level", "residual", "reasons"),
    [
        (found(), PUBLIC, PUBLIC, ("default public",)),
        (found("PERSON"), INTERNAL, INTERNAL, ("PERSON x1 -> internal",)),
        (found("PERSON", "PERSON"), INTERNAL, INTERNAL, ("PERSON x2 -> internal",)),
        (
            found("PERSON", "CREDIT_CARD", "CREDIT_CARD"), CONFIDENTIAL, CONFIDENTIAL,
            ("CREDIT_CARD x2 -> confidential", "PERSON x1 -> internal"),
        ),
        (found("API_KEY"), RESTRICTED, PUBLIC, ("API_KEY x1 -> restricted",)),
        (found("API_KEY", "PERSON"), RESTRICTED, INTERNAL, ("API_KEY x1 -> restricted", "PERSON x1 -> internal")),
        (found("HEALTH_CONDITION"), RESTRICTED, RESTRICTED, ("HEALTH_CONDITION x1 -> restricted",)),
        (found("LOCATION"), PUBLIC, PUBLIC, ("LOCATION x1 -> public",)),
        (found("LITERAL"), PUBLIC, PUBLIC, ("default public",)),
        (found("MARKING_CONFIDENTIAL"), CONFIDENTIAL, CONFIDENTIAL, ("marking MARKING_CONFIDENTIAL -> confidential",)),
        (found(("CREDIT_CARD", 0.49)), PUBLIC, PUBLIC, ("default public",)),
        (found(("CREDIT_CARD", 0.5)), CONFIDENTIAL, CONFIDENTIAL, ("CREDIT_CARD x1 -> confidential",)),
        (found("NOBODY_DECLARED_IT"), INTERNAL, INTERNAL, ("NOBODY_DECLARED_IT x1 -> internal",)),
    ],
)  # fmt: skip
def test_levels_and_reasons(scan: ScanResult, level: Level, residual: Level, reasons: tuple[str, ...]) -> None:
    got = classify(prompt("x"), scan, AGENT, TABLE)
    assert (got.level, got.residual_level, got.reasons) == (level, residual, reasons)


def test_attachments_and_the_agent() -> None:
    got = classify(prompt("x", attachments=2), found(), AGENT, TABLE)
    assert (got.level, got.residual_level, got.reasons) == (
        CONFIDENTIAL,
        CONFIDENTIAL,
        ("attachments of unknown content x2 (unopened) -> confidential",),
    )
    got = classify(prompt("x"), found("API_KEY"), replace(AGENT, minimum_level=INTERNAL), TABLE)
    assert (got.level, got.residual_level) == (RESTRICTED, INTERNAL)
    assert got.reasons == ("API_KEY x1 -> restricted", "agent minimum internal")


def test_many_different_people_weigh_more_than_one_named_often() -> None:
    text = prompt("ann bob eve ANN")
    spans = [(0, 3), (4, 7), (8, 11), (12, 15)]

    def scan(*chosen: int) -> ScanResult:
        return ScanResult(tuple(Finding(0, *spans[n], "PERSON", 1.0, "test") for n in chosen), True)

    assert classify(text, scan(0, 1, 3, 0), AGENT, TABLE).level is INTERNAL
    got = classify(text, scan(0, 1, 2), AGENT, TABLE)
    assert got.level is CONFIDENTIAL
    assert got.reasons[0] == "bulk @personal >= 3 -> confidential"


def test_an_entity_without_an_entry_is_confidential() -> None:
    assert ClassificationTable({}, PUBLIC, PUBLIC).level_of("PERSON") is CONFIDENTIAL
    assert ClassificationTable({"*": INTERNAL}, PUBLIC, PUBLIC).level_of("PERSON") is INTERNAL


names = st.lists(st.sampled_from([*sorted(ENTITY_GROUPS), "NOBODY_DECLARED_IT"]), max_size=8)


@given(names, names, st.integers(0, 2), st.sampled_from(Level))
def test_more_never_lowers_a_level(first: list[str], more: list[str], attachments: int, minimum: Level) -> None:
    agent = replace(AGENT, minimum_level=minimum)
    text = prompt("x", attachments=attachments)
    one, both = (classify(text, found(*each), agent, TABLE) for each in (first, first + more))
    assert one.level <= both.level
    assert one.residual_level <= both.residual_level
    assert both.residual_level <= both.level
    assert both.level >= minimum
    assert both.reasons


@given(names)
def test_the_residual_level_is_the_level_without_the_secrets(entities: list[str]) -> None:
    rest = [each for each in entities if ENTITY_GROUPS.get(each) is not EntityGroup.SECRET]
    assert (
        classify(prompt("x"), found(*entities), AGENT, TABLE).residual_level
        is classify(prompt("x"), found(*rest), AGENT, TABLE).level
    )
