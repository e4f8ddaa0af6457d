"""What an upstream keeps between requests (responses, conversations, files, batches), as we remember it. Pure.

Every id that an answer names is noted with the agent it belongs to, the upstream that holds it, the level of what was
sent, and the values that were taken out. A later request that names the id must come from the same agent, goes to the
same upstream, is at least as sensitive, and gets the same values back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

import orjson

from gateway.dialects.dialect import Dialect, matches
from gateway.errors import Refusal, Refused
from gateway.model import Classification, Decision, Json, Level, Prompt

MAX_IDS: Final = 512
"""Ids taken from one answer."""
MAX_VALUES: Final = 5_000
"""Values remembered for one id; beyond it the oldest are forgotten and their placeholders stay in answers."""
_LONGEST_ID: Final = 256

type Unknown = Literal["refuse", "pass"]
"""What happens to an id that the gateway has never seen, or has forgotten."""


@dataclass(frozen=True, slots=True)
class Held:
    """Something that an upstream keeps."""

    agent: str
    upstream: str
    level: Level
    restore: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Placeholder to value."""

    def dump(self) -> bytes:
        """As bytes, to be sealed."""
        return orjson.dumps([self.agent, self.upstream, int(self.level), dict(self.restore)])

    @classmethod
    def load(cls, data: bytes) -> Held:
        """What `dump` made. Raises ValueError."""
        agent, upstream, level, restore = orjson.loads(data)
        return cls(agent, upstream, Level(level), restore)


def keeps(dialect: Dialect, body: Json) -> bool:
    """Whether the upstream keeps something of a request with this body."""
    if not dialect.keeps:
        return False
    given = body if isinstance(body, dict) else {}
    (absent, no), (present, yes) = dialect.unless, dialect.only_if
    return not (absent and given.get(absent) == no) and (not present or given.get(present) == yes)


def ids_in(dialect: Dialect, answer: Json) -> list[str]:
    """Every id that `answer`, a whole one or an event of a stream, names as kept."""
    if not isinstance(answer, dict):
        return []
    holders = [each for each in (answer, answer.get("response"), answer.get("message")) if isinstance(each, dict)]
    found = (
        value
        for holder in holders
        for pattern in dialect.keeps
        for _, value in matches(holder, pattern.split("/"))
        if isinstance(value, str) and 0 < len(value) <= _LONGEST_ID
    )
    return list(dict.fromkeys(found))[:MAX_IDS]


class IdWatch:
    """Looks through a stream for ids, and hands each on once, before the event that names it goes out."""

    def __init__(self, dialect: Dialect, keep: Callable[[list[str]], None]) -> None:
        self._dialect = dialect
        self._keep = keep
        self._seen: set[str] = set()

    def wants(self, data: bytes) -> bool:
        """Whether an event with this JSON may name one: the first does, and those that carry a whole object."""
        return not self._seen or b'"response":' in data or b'"message":' in data

    def take(self, tree: Mapping[str, Any]) -> None:
        """Note what an event names."""
        new = [each for each in ids_in(self._dialect, dict(tree)) if each not in self._seen]
        if new and len(self._seen) < MAX_IDS:
            self._seen.update(new)
            self._keep(new)


def together(found: Iterable[Held | None], agent: str, *, unknown: Unknown) -> Held | None:
    """What all the ids of one request mean for it; None: nothing. Raises Refused: `llmgw_state_unknown` (404) for an id
    that is another agent's or, unless those pass, that nobody knows; `llmgw_state_elsewhere` for two upstreams."""
    known: Held | None = None
    for each in found:
        if each is None and unknown == "pass":
            continue
        if each is None or each.agent != agent:
            raise Refused(_UNKNOWN)
        if known is not None and known.upstream != each.upstream:
            raise Refused(_SCATTERED)
        known = each if known is None else _joined(known, each)
    return known


def judged(prompt: Prompt, known: Set[str]) -> Prompt:
    """The prompt as it is classified: a file that went through the gateway counts as what it was then (its level is
    that of what refers to it), and no longer as an attachment that nobody has read."""
    if not known or not prompt.attachments:
        return prompt
    kept = tuple(each for each in prompt.attachments if each.size or _value_at(prompt.body, each.path) not in known)
    return prompt if len(kept) == len(prompt.attachments) else replace(prompt, attachments=kept)


def _value_at(tree: Json, pointer: str) -> Json:
    for token in pointer.split("/")[1:]:
        if isinstance(tree, list):
            tree = tree[int(token)]
        elif isinstance(tree, dict):
            tree = tree[token.replace("~1", "/").replace("~0", "~")]
    return tree


def _joined(one: Held, other: Held) -> Held:
    return replace(one, level=max(one.level, other.level), restore={**one.restore, **other.restore})


def following(held: Held | None, agent: str, decision: Decision, *, level: Level, restore: Mapping[str, str]) -> Held:
    """What to remember of an exchange whose answer names ids."""
    values = {**(held.restore if held is not None else {}), **restore}
    if len(values) > MAX_VALUES:
        values = dict(list(values.items())[-MAX_VALUES:])
    return Held(agent, decision.upstream.id if decision.upstream is not None else "", level, values)


def raised(classification: Classification, held: Held | None) -> Classification:
    """`classification`, at least as high as what the upstream keeps."""
    if held is None or held.level <= classification.residual_level:
        return classification
    reason = f"kept upstream -> {held.level.label}"
    level, residual = max(classification.level, held.level), max(classification.residual_level, held.level)
    return Classification(level, residual, (reason, *classification.reasons))


def pinned(decision: Decision, held: Held | None, model_at: Callable[[Any], str | None]) -> Decision:
    """`decision`, for the upstream that holds what the request refers to; `model_at` names the request's model there.
    Raises Refused (`llmgw_state_elsewhere`) when the rule does not let the request go there."""
    if held is None or not decision.allow or decision.upstream is None or decision.upstream.id == held.upstream:
        return decision
    for each in decision.upstreams:
        model = model_at(each)
        if each.id == held.upstream and model is not None:
            return replace(decision, upstream=each, model=model)
    raise Refused(
        Refusal(
            "llmgw_state_elsewhere",
            400,
            f"This request refers to something that is kept at {held.upstream}, and rule {decision.rule} of the egress "
            "policy does not let it go there (or that upstream is not available now). Start a new conversation, or "
            "upload the file again.",
        )
    )


def tidied(dialect: Dialect, body: bytes, owned: Callable[[str], bool]) -> bytes:
    """An answer without what is not the agent's own in a list, and with paths where clients would follow URLs past the
    gateway."""
    if not dialect.lists and not dialect.relative:
        return body
    try:
        tree = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body
    if not isinstance(tree, dict):
        return body
    entries = tree.get(dialect.lists)
    if isinstance(entries, list):
        kept = [each for each in entries if isinstance(each, dict) and owned(str(each.get("id", "")))]
        tree[dialect.lists] = kept
        for name, at in (("first_id", 0), ("last_id", -1)):
            if name in tree:
                tree[name] = kept[at].get("id") if kept else None
    for name in dialect.relative:
        url = tree.get(name)
        if isinstance(url, str) and "://" in url:
            tree[name] = "/" + url.partition("://")[2].partition("/")[2]
    return orjson.dumps(tree)


_UNKNOWN: Final = Refusal(
    "llmgw_state_unknown",
    404,
    "This request refers to something kept at a provider (a response, conversation, file or batch) that this agent has "
    "not made through the gateway, or that the gateway has forgotten. Send the whole conversation, or upload the file "
    "again.",
)
_SCATTERED: Final = Refusal(
    "llmgw_state_elsewhere",
    400,
    "This request refers to things that are kept at different providers. Upload them again for one of them.",
)
