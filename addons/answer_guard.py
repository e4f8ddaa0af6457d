"""Looks through answers where the rule that let the request out says so."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import orjson

from dlp_recognizers.answer_finder import AnswerFinder
from gateway.errors import Refusal, Refused, answer_failed, internal_error
from gateway.restore.answer_scan import AnswerHit, AnswerTexts, apply
from gateway.restore.guard import AnswerGuard, AnswerReport

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.exchange import Exchange
    from gateway.ports import Scanner
    from gateway.settings import Dlp as DlpSettings
    from gateway.snapshot import Snapshot

_MAX_KNOWN: Final = 10_000
"""Values of the request that are known again in its answer. What is beyond counts as new: that is the safe side."""


class AnswerGuards:
    """Makes the guard of each answer. The finder takes a second to build, so it is made before it is needed."""

    def __init__(self, settings: DlpSettings) -> None:
        self._settings = settings
        self._finder: AnswerFinder | None = None
        self._made_for: tuple[str, tuple[str, ...]] | None = None
        """Version of the organisation's own data, and the canary strings."""

    def prepare(self, snapshot: Snapshot) -> None:
        """Make what this snapshot needs. Takes seconds; safe to call from a thread."""
        policy = snapshot.policy
        if not self.needed(snapshot):
            return
        finder = AnswerFinder(
            allow_examples=self._settings.allow_examples, own=snapshot.own, canary_strings=policy.canary_strings
        )
        self._made_for, self._finder = (snapshot.own.version, policy.canary_strings), finder

    def needed(self, snapshot: Snapshot) -> bool:
        """Whether `prepare` has something to do."""
        wanted = (snapshot.own.version, snapshot.policy.canary_strings)
        return bool(snapshot.policy.answers) and self._made_for != wanted

    def guard(self, exchange: Exchange) -> AnswerGuard | None:
        """The guard of this exchange's answer, or None where the rule asks for none. Raises Refused (502) while the
        finder of a new policy is being made."""
        decision, policy = exchange.decision, exchange.snapshot.policy
        profile = policy.answers.get(decision.rule) if decision is not None else None
        if profile is None:
            return None
        if self._finder is None:
            raise Refused(_not_checked())
        exchange.answer_report = AnswerReport()
        return AnswerGuard(profile, self._finder, _known(exchange), exchange.answer_report)

    async def look(self, guard: AnswerGuard, body: bytes, scanner: Scanner, agent: str) -> bytes:
        """A whole answer, looked through by the scan processes, names included. What is no JSON (rows of JSON, a plain
        transcript) is one text.

        Raises Refused for an answer that the profile cuts, and for one that was not looked through though the profile
        takes values out."""
        root, written = _read(body)
        if not root and guard.profile.holds:
            raise Refused(answer_failed())
        texts = AnswerTexts.of(root)
        # Under a name of its own: how an answer ends must not be read together with the agent's next request.
        scan = await scanner.scan(texts.spans, agent=f"{agent} (answers)")
        if not scan.complete and guard.profile.holds:
            raise Refused(answer_failed())
        hits = [AnswerHit(each.span, each.start, each.end, each.entity, each.score) for each in scan.findings]
        if self._finder is None:
            raise Refused(internal_error())
        for index, span in enumerate(texts.spans):
            hits += [AnswerHit(index, c.start, c.end, c.entity, c.score) for c in self._finder.canaries(span.text)]
        return written(root[0]) if apply(guard, texts, hits) else body


def _read(body: bytes) -> tuple[list[Any], Callable[[Any], bytes]]:
    """What the body holds, as the one element of a list, and how it is written again; nothing for what is no text."""
    try:
        return [orjson.loads(body)], orjson.dumps
    except orjson.JSONDecodeError:
        pass
    try:
        return [body.decode("utf-8")], lambda text: str(text).encode("utf-8")
    except UnicodeDecodeError:
        return [], bytes


async def prepare(guards: AnswerGuards, snapshot: Snapshot) -> None:
    """`AnswerGuards.prepare` beside the loop."""
    if guards.needed(snapshot):
        await asyncio.to_thread(guards.prepare, snapshot)


def _known(exchange: Exchange) -> frozenset[str]:
    """The values found in the request: the answer may say them again."""
    prompt, scan = exchange.prompt, exchange.scan
    if prompt is None or scan is None:
        return frozenset()
    found = scan.findings[:_MAX_KNOWN]
    return frozenset(prompt.spans[each.span].text[each.start : each.end] for each in found)


def _not_checked() -> Refusal:
    return Refusal(
        "llmgw_answer_not_checked",
        502,
        "The gateway has just got a new policy and cannot check answers yet, so this one was not relayed. Try again.",
        retry=True,
    )
