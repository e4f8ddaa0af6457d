"""How sensitive a request is: the highest level that its findings, markings, attachments or agent ask for. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gateway.entities import EntityGroup, group_of
from gateway.model import AgentRecord, Classification, Finding, Level, Prompt, ScanResult


@dataclass(frozen=True, slots=True)
class BulkRule:
    """Many different values of one group together are more sensitive than each alone."""

    group: EntityGroup
    distinct: int
    """From how many different values on."""
    level: Level


@dataclass(frozen=True, slots=True)
class ClassificationTable:
    """The policy's table from what is in a request to a level."""

    entities: Mapping[str, Level]
    """Entity name, `@group` or `*` to level; the most specific entry wins."""
    attachments: Level
    """Of a request with at least one attachment of unknown content."""
    default: Level
    """Of a request in which nothing was found."""
    bulk: tuple[BulkRule, ...] = ()
    opened_attachments: Level = Level.PUBLIC
    """Of a request with an attachment that was read in full, whatever was found in it."""
    minimum_score: float = 0.5
    """Findings below this score do not count."""

    def level_of(self, entity: str) -> Level:
        """The level that one finding of `entity` asks for; confidential if the table has no entry that fits."""
        table = self.entities
        known = table.get(entity)
        if known is None:
            known = table.get("@" + group_of(entity).value)
        return table.get("*", Level.CONFIDENTIAL) if known is None else known


type _Ask = tuple[Level, str]
"""A level, and the reason why the request has at least that."""


def classify(prompt: Prompt, scan: ScanResult, agent: AgentRecord, table: ClassificationTable) -> Classification:
    """The level of one request, the level once its secrets are gone, and every reason, highest level first."""
    counted = [each for each in scan.findings if each.score >= table.minimum_score]
    open_findings = [each for each in counted if group_of(each.entity) is not EntityGroup.SECRET]
    standing = [*_from_request(prompt, agent, table), *_from_bulk(open_findings, prompt, table)]
    residual = [*_from_findings(open_findings, table), *standing]
    secrets = [each for each in counted if group_of(each.entity) is EntityGroup.SECRET]
    all_asks = [*_from_findings(secrets, table), *_from_bulk(secrets, prompt, table), *residual]
    reasons = tuple(reason for _, reason in sorted(all_asks, key=lambda ask: (-ask[0], ask[1])))
    return Classification(
        _highest(all_asks, table), _highest(residual, table), reasons or (f"default {table.default.label}",)
    )


def _highest(asks: Iterable[_Ask], table: ClassificationTable) -> Level:
    return max((level for level, _ in asks), default=table.default)


def _from_findings(findings: Iterable[Finding], table: ClassificationTable) -> list[_Ask]:
    asks: list[_Ask] = []
    for entity, count in Counter(each.entity for each in findings).items():
        group = group_of(entity)
        if group is EntityGroup.ESCAPE:
            continue  # text that merely looks like a placeholder says nothing about the request
        level = table.level_of(entity)
        if group is EntityGroup.MARKING:
            asks.append((level, f"marking {entity} -> {level.label}"))
        else:
            asks.append((level, f"{entity} x{count} -> {level.label}"))
    return asks


def _from_request(prompt: Prompt, agent: AgentRecord, table: ClassificationTable) -> list[_Ask]:
    asks: list[_Ask] = []
    unknown = Counter(each.unknown[0] for each in prompt.attachments if each.unknown)
    if unknown:
        level, why = table.attachments, ", ".join(sorted(unknown))
        asks.append((level, f"attachments of unknown content x{unknown.total()} ({why}) -> {level.label}"))
    opened = sum(not each.unknown for each in prompt.attachments)
    if opened and table.opened_attachments > Level.PUBLIC:
        level = table.opened_attachments
        asks.append((level, f"attachments x{opened} -> {level.label}"))
    if agent.minimum_level > Level.PUBLIC:
        asks.append((agent.minimum_level, f"agent minimum {agent.minimum_level.label}"))
    return asks


def _from_bulk(findings: Iterable[Finding], prompt: Prompt, table: ClassificationTable) -> list[_Ask]:
    """What the bulk rules ask for. Values are told apart by their text, which leaves this function only as a count."""
    if not table.bulk:
        return []
    distinct: dict[EntityGroup, set[str]] = {}
    for each in findings:
        value = prompt.spans[each.span].text[each.start : each.end].casefold()
        distinct.setdefault(group_of(each.entity), set()).add(value)
    return [
        (rule.level, f"bulk @{rule.group.value} >= {rule.distinct} -> {rule.level.label}")
        for rule in table.bulk
        if len(distinct.get(rule.group, ())) >= rule.distinct
    ]
