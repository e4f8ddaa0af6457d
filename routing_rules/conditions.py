"""The conditions that a rule can have: one written-out entry each. Pure.

Only verified attributes and what the gateway found itself can be asked about. No condition reads a header that the
client chose; the model's name is the client's, but what it names is what the upstream is then asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.entities import group_of
from gateway.model import Level
from routing_rules.dialect_names import expanded
from routing_rules.model import EntityCondition, LevelCondition, When
from routing_rules.policy import CompiledCondition, Predicate, RuleContext


@dataclass(frozen=True, slots=True)
class Condition:
    """One kind of condition."""

    compile: Callable[[Any], Predicate]
    """From the document's value to the question."""
    says: Callable[[Any], str]
    """The value in words."""
    covers: Callable[[Any, Any], bool]
    """Whether the first value holds wherever the second does (False where that is not certain)."""


def present(when: When) -> dict[str, Any]:
    """The conditions that `when` has, by name."""
    return {name: value for name in CONDITIONS if (value := getattr(when, name)) is not None}


def compiled(when: When) -> tuple[CompiledCondition, ...]:
    """The conditions of `when`, cheapest first."""
    return tuple(
        CompiledCondition(CONDITIONS[name].compile(value), CONDITIONS[name].says(value))
        for name, value in present(when).items()
    )


def covers(earlier: When, later: When) -> bool:
    """Whether `earlier` surely matches every request that `later` matches."""
    first, second = present(earlier), present(later)
    return all(name in second and CONDITIONS[name].covers(value, second[name]) for name, value in first.items())


def level_bounds(condition: LevelCondition | None) -> tuple[Level, Level]:
    """Lowest and highest level that the condition admits."""
    low = Level.parse(condition.at_least) if condition and condition.at_least else Level.PUBLIC
    high = Level.parse(condition.at_most) if condition and condition.at_most else Level.RESTRICTED
    return low, high


def model_predicate(patterns: Collection[str]) -> Callable[[str], bool]:
    """Whether a model's name is one of `patterns`, of which those that end in * stand for every name that begins so."""
    exact = frozenset(each for each in patterns if not each.endswith("*"))
    prefixes = tuple(each[:-1] for each in patterns if each.endswith("*"))
    return lambda name: name in exact or name.startswith(prefixes)


def entity_predicate(names: Collection[str]) -> Callable[[Mapping[str, int]], list[str]]:
    """Which of the found entities are meant by `names`: entities, @groups or *."""
    if "*" in names:
        return lambda found: [name for name, count in found.items() if count]
    groups = frozenset(each[1:] for each in names if each.startswith("@"))
    words = frozenset(names)
    return lambda found: [n for n, count in found.items() if count and (n in words or group_of(n).value in groups)]


def _level(attribute: str) -> Callable[[LevelCondition], Predicate]:
    def build(value: LevelCondition) -> Predicate:
        low, high = level_bounds(value)
        if attribute == "level":
            return lambda context: low <= context.classification.level <= high
        return lambda context: low <= context.classification.residual_level <= high

    return build


def _entities(value: EntityCondition) -> Predicate:
    some = entity_predicate(value.any) if value.any else None
    every = [entity_predicate((name,)) for name in value.all or ()]
    no = entity_predicate(value.none) if value.none else None

    def holds(context: RuleContext) -> bool:
        found = context.entities
        if some is not None and not some(found):
            return False
        if no is not None and no(found):
            return False
        return all(each(found) for each in every)

    return holds


def _one_of(read: Callable[[RuleContext], str]) -> Callable[[Collection[str]], Predicate]:
    def build(names: Collection[str]) -> Predicate:
        wanted = frozenset(names)
        return lambda context: read(context) in wanted

    return build


def _dialect(patterns: Collection[str]) -> Predicate:
    wanted = expanded(patterns)
    return lambda context: context.dialect in wanted


def _model(patterns: Collection[str]) -> Predicate:
    wanted = model_predicate(patterns)
    return lambda context: wanted(context.model)


def _attachments(wanted: bool | str) -> Predicate:
    if wanted == "unknown":
        return lambda context: context.unknown_attachments > 0
    if wanted == "opened":
        return lambda context: context.attachments > 0 and context.unknown_attachments == 0
    return lambda context: (context.attachments > 0) is wanted


_SAID_OF_ATTACHMENTS: Final = {
    True: "there are attachments",
    False: "there are no attachments",
    "unknown": "there are attachments of unknown content",
    "opened": "there are attachments, and all were read",
}


def _say_level(subject: str) -> Callable[[LevelCondition], str]:
    def say(value: LevelCondition) -> str:
        low, high = level_bounds(value)
        return f"{subject} is {low.label}" if low == high else f"{subject} is {low.label} to {high.label}"

    return say


def _say_entities(value: EntityCondition) -> str:
    parts = []
    for what, names in (("any", value.any), ("all", value.all), ("none", value.none)):
        if names:
            parts.append(f"{what} of {', '.join(names)} found")
    return " and ".join(parts)


def _say_one_of(subject: str) -> Callable[[Collection[str]], str]:
    return lambda names: f"{subject} is {' or '.join(names)}"


def _covers_level(earlier: LevelCondition, later: LevelCondition) -> bool:
    (low, high), (later_low, later_high) = level_bounds(earlier), level_bounds(later)
    return low <= later_low and later_high <= high


def _covers_words(earlier: Collection[str], later: Collection[str]) -> bool:
    return set(later) <= set(earlier)


def _covers_models(earlier: Collection[str], later: Collection[str]) -> bool:
    wanted = model_predicate(earlier)
    prefixes = tuple(each[:-1] for each in earlier if each.endswith("*"))
    return all(each[:-1].startswith(prefixes) if each.endswith("*") else wanted(each) for each in later)


def _names_cover(earlier: Collection[str], names: Collection[str]) -> bool:
    """Whether every one of `names` is meant by `earlier`."""
    return all(
        each in earlier or "*" in earlier or (not each.startswith(("@", "*")) and "@" + group_of(each).value in earlier)
        for each in names
    )


def _covers_entities(earlier: EntityCondition, later: EntityCondition) -> bool:
    if earlier.any:
        by_any = bool(later.any) and _names_cover(earlier.any, later.any or ())
        by_all = any(_names_cover(earlier.any, (name,)) for name in later.all or ())
        if not (by_any or by_all):
            return False
    if not all(any(_names_cover((name,), (other,)) for other in later.all or ()) for name in earlier.all or ()):
        return False
    return not earlier.none or _names_cover(later.none or (), earlier.none)


CONDITIONS: Final[Mapping[str, Condition]] = {
    "attachments": Condition(
        _attachments,
        lambda wanted: _SAID_OF_ATTACHMENTS[wanted],
        lambda earlier, later: bool(earlier == later) or (earlier is True and later in ("unknown", "opened")),
    ),
    "level": Condition(_level("level"), _say_level("level"), _covers_level),
    "residual_level": Condition(_level("residual"), _say_level("level without secrets"), _covers_level),
    "agent": Condition(_one_of(lambda context: context.agent.agent_id), _say_one_of("agent"), _covers_words),
    "tenant": Condition(_one_of(lambda context: context.agent.tenant), _say_one_of("tenant"), _covers_words),
    "user": Condition(_one_of(lambda context: context.agent.user), _say_one_of("user"), _covers_words),
    "dialect": Condition(_dialect, _say_one_of("dialect"), lambda first, second: expanded(second) <= expanded(first)),
    "model": Condition(_model, _say_one_of("model"), _covers_models),
    "entities": Condition(_entities, _say_entities, _covers_entities),
}
"""Name in the document to what it means, cheapest first."""
