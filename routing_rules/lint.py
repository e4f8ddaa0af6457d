"""What can be wrong with a policy that has the right shape. Every fault has a position and a fix. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.diagnostics import Diagnostic, did_you_mean
from gateway.document_model import Loc, SourceMap
from gateway.entities import ENTITY_GROUPS, EntityGroup, group_of, is_own_name
from gateway.model import Level
from routing_rules.conditions import covers, level_bounds, present
from routing_rules.dialect_names import named
from routing_rules.lint_upstreams import lint_upstream
from routing_rules.model import DIALECTS, ProfileDocument, RuleDocument, RulesDocument, When
from routing_rules.policy import BUILT_IN_ANSWERS, BUILT_IN_PROFILES, RESERVED_RULES

_GROUPS: Final = tuple("@" + group.value for group in EntityGroup if group is not EntityGroup.ESCAPE)
_ENTITY_WORDS: Final = (*ENTITY_GROUPS, *_GROUPS, "*")
_MUST_HAVE_LEVEL: Final = ("@secret", "@personal", "@health", "@organisation")
_PAIRWISE_LIMIT: Final = 500
"""Up to how many rules every pair is compared; beyond it only rules that match everything are."""


def lint(document: RulesDocument, source: SourceMap, own: frozenset[str] | None = None) -> list[Diagnostic]:
    """Every fault of `document`. `own` are the organisation's own entities; None: any name that could be one is."""
    check = _Lint(document, source, own)
    check.classification()
    check.profiles()
    check.answers()
    check.websocket()
    check.upstreams()
    for index, rule in enumerate(document.rules):
        check.rule(index, rule)
    check.duplicate_rules()
    check.shadowed()
    return check.found


@dataclass(slots=True)
class _Lint:
    document: RulesDocument
    source: SourceMap
    own: frozenset[str] | None = None
    found: list[Diagnostic] = field(default_factory=list)

    def add(self, loc: Loc, message: str, fix: str, code: str) -> None:
        self.found.append(self.source.diagnostic(loc, message, fix, code))

    def add_key(self, loc: Loc, message: str, fix: str, code: str) -> None:
        self.found.append(self.source.diagnostic(loc, message, fix, code, key=True))

    def entity(self, loc: Loc, name: str, *, key: bool) -> None:
        if name in _ENTITY_WORDS or (is_own_name(name) if self.own is None else name in self.own):
            return
        add = self.add_key if key else self.add
        kind = "group" if name.startswith("@") else "entity"
        known = _GROUPS if kind == "group" else (*_ENTITY_WORDS, *(self.own or ()))
        add(loc, f"unknown {kind} {name}", did_you_mean(name, known), f"unknown-{kind}")

    def classification(self) -> None:
        table = self.document.classification.entities
        for name, level in table.items():
            loc = ("classification", "entities", name)
            self.entity(loc, name, key=True)
            if name == "@marking":
                self.add_key(loc, "markings have one level each", "name MARKING_CONFIDENTIAL and so on", "marking")
            elif name.startswith("MARKING_") and name in ENTITY_GROUPS:
                own = Level.parse(name.removeprefix("MARKING_").lower())
                if Level.parse(level) < own:
                    self.add(loc, f"{name} would count as {level}", f"write {own.label} or higher", "marking-lowered")
        if "*" not in table:
            for group in _MUST_HAVE_LEVEL:
                if group not in table:
                    message, fix = f"no level for {group}", f'add "{group}": LEVEL'
                    self.add_key(("classification", "entities"), message, fix, "group-without-level")

    def profiles(self) -> None:
        for name, profile in self.document.profiles.items():
            if name in BUILT_IN_PROFILES:
                self.add_key(("profiles", name), f"profile {name} is built in", "give yours another name", "reserved")
            for entity, operator in profile.entities.items():
                loc = ("profiles", name, "entities", entity)
                self.entity(loc, entity, key=True)
                if operator == "placeholder" and _is_secret(entity):
                    message = f"{entity} would be put back into answers"
                    self.add(loc, message, "use remove, mask or hash for secrets", "secret-restored")
                if entity == "@marking" or entity.startswith("MARKING_"):
                    message = "markings are never redacted"
                    self.add_key(loc, message, "remove this line: a marking raises the level", "marking")

    def answers(self) -> None:
        for name, profile in self.document.answers.items():
            if name in BUILT_IN_ANSWERS:
                message = f"answer profile {name} is built in"
                self.add_key(("answers", name), message, "give yours another name", "reserved")
            for entity in profile.entities:
                self.entity(("answers", name, "entities", entity), entity, key=True)

    def websocket(self) -> None:
        if self.document.websocket == "inspect":
            fix = "write refuse: clients then send the same requests over HTTP"
            self.add(("websocket",), "messages in WebSockets cannot be inspected yet", fix, "not-built")

    def answer_of(self, loc: tuple[int | str, ...], rule: RuleDocument) -> None:
        name = rule.then.answer
        known = [*BUILT_IN_ANSWERS, *self.document.answers]
        if name is not None and name not in known:
            message = f"unknown answer profile {name}"
            self.add((*loc, "answer"), message, did_you_mean(name, known), "unknown-answer-profile")

    def upstreams(self) -> None:
        seen: dict[str, int] = {}
        for index, upstream in enumerate(self.document.upstreams):
            first = seen.setdefault(upstream.id, index)
            if first != index:
                self.duplicate(("upstreams", index, "id"), ("upstreams", first, "id"))
            if upstream.id.startswith("llmgw"):  # the canary's sink must never collide with one, at any reload
                message = "upstream ids that begin with llmgw are the gateway's own"
                self.add(("upstreams", index, "id"), message, "choose another id", "reserved")
            self.found += lint_upstream(upstream, ("upstreams", index), self.source)

    def duplicate(self, loc: Loc, first: Loc) -> None:
        line, _ = self.source.position(first)
        self.add(loc, f"this id stands here twice (first in line {line})", "give each its own id", "duplicate-id")

    def rule(self, index: int, rule: RuleDocument) -> None:
        loc = ("rules", index)
        if rule.id in RESERVED_RULES:
            self.add((*loc, "id"), f"rule id {rule.id} is the gateway's own", "choose another id", "reserved")
        self.conditions((*loc, "when"), rule.when)
        self.action((*loc, "then"), rule)

    def conditions(self, loc: tuple[int | str, ...], when: When) -> None:
        if when.entities is not None:
            lists = (("any", when.entities.any), ("all", when.entities.all), ("none", when.entities.none))
            if not any(names for _, names in lists):
                self.add((*loc, "entities"), "this condition is empty", "add any:, all: or none:", "empty-condition")
            for key, names in lists:
                for position, name in enumerate(names or ()):
                    self.entity((*loc, "entities", key, position), name, key=False)
        for position, name in enumerate(when.dialect or ()):
            if not named(name):
                at = (*loc, "dialect", position)
                self.add(at, f"unknown dialect {name}", did_you_mean(name, DIALECTS), "unknown-dialect")
        for position, name in enumerate(when.model or ()):
            if "*" in name[:-1] or "?" in name:
                message, fix = "only a * at the end is a wildcard", "list the names, or end one with *"
                self.add((*loc, "model", position), message, fix, "bad-wildcard")
        self.impossible(loc, when)

    def impossible(self, loc: tuple[int | str, ...], when: When) -> None:
        for key in ("level", "residual_level"):
            value = getattr(when, key)
            if value is not None and value.at_least is None and value.at_most is None:
                self.add((*loc, key), "this condition is empty", "add at_least: or at_most:", "empty-condition")
            low, high = level_bounds(value)
            if low > high:
                self.add((*loc, key), "no level is in this range", "exchange at_least and at_most", "never-matches")
        entities = when.entities
        if entities is not None and entities.none:
            barred = set(entities.none)
            wanted = set(entities.any or ())
            if set(entities.all or ()) & barred or (wanted and wanted <= barred):
                message = "this asks for entities to be found and not found"
                self.add((*loc, "entities"), message, "remove them from none: or from any: and all:", "never-matches")

    def action(self, loc: tuple[int | str, ...], rule: RuleDocument) -> None:
        then = rule.then
        if (then.deny is None) == (then.route is None):
            message = "a rule either denies or routes" if then.deny else "this rule says neither deny nor route"
            self.add(loc, message, "write deny: with a sentence, or route: with upstreams and profile:", "action")
            return
        if then.deny is not None:
            if then.profile is not None:
                self.add((*loc, "profile"), "a rule that denies has no profile", "remove profile:", "action")
            if then.answer is not None:
                self.add((*loc, "answer"), "a rule that denies has no answer", "remove answer:", "action")
            return
        self.answer_of(loc, rule)
        if then.profile is None:
            self.add(
                loc, "this rule routes without a profile", "add profile: none, secrets, pii, all or your own", "action"
            )
        else:
            self.profile_of(loc, rule, then.profile)
        known = {each.id for each in self.document.upstreams}
        for position, name in enumerate(then.route or ()):
            at = (*loc, "route", position)
            if name not in known:
                self.add(at, f"unknown upstream {name}", did_you_mean(name, known), "unknown-upstream")
            elif name in (then.route or ())[:position]:
                self.add(at, f"upstream {name} stands here twice", "name it once", "duplicate-id")

    def profile_of(self, loc: tuple[int | str, ...], rule: RuleDocument, name: str) -> None:
        own = self.document.profiles.get(name)
        if own is None and name not in BUILT_IN_PROFILES:
            known = [*BUILT_IN_PROFILES, *self.document.profiles]
            self.add((*loc, "profile"), f"unknown profile {name}", did_you_mean(name, known), "unknown-profile")
            return
        third = {each.id for each in self.document.upstreams if each.tier == "third_party"}
        leaks = [each for each in rule.then.route or () if each in third]
        clear = not removes_secrets(own) if own is not None else name == "none"
        if leaks and clear and not rule.accept_clear_text:
            message = f"profile {name} would leave secrets in what third party {leaks[0]} gets"
            fix = "use secrets, pii or all, or say accept_clear_text: true on the rule"
            self.add((*loc, "profile"), message, fix, "clear-text")

    def duplicate_rules(self) -> None:
        seen: dict[str, int] = {}
        for index, rule in enumerate(self.document.rules):
            first = seen.setdefault(rule.id, index)
            if first != index:
                self.duplicate(("rules", index, "id"), ("rules", first, "id"))

    def shadowed(self) -> None:
        rules = self.document.rules
        pairwise = len(rules) <= _PAIRWISE_LIMIT
        before: list[int] = []
        for index, rule in enumerate(rules):
            for first in _covering(rules, before, rule):
                line, _ = self.source.position(("rules", first))
                message = f"rule {rule.id} can never match: {rules[first].id} (line {line}) takes all of its requests"
                self.add(("rules", index), message, "move it up, narrow the earlier rule, or remove one", "shadowed")
                break
            if pairwise or not present(rule.when):
                before.append(index)


def removes_secrets(profile: ProfileDocument) -> bool:
    """Whether no secret is left in what this profile lets through."""
    return "@secret" in profile.entities or "*" in profile.entities


def _is_secret(entity: str) -> bool:
    return entity == "@secret" or (entity[:1] not in "@*" and group_of(entity) is EntityGroup.SECRET)


def _covering(rules: Sequence[RuleDocument], before: Sequence[int], rule: RuleDocument) -> Iterator[int]:
    return (index for index in before if covers(rules[index].when, rule.when))
