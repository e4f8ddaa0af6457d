"""How the last requests of each agent ended: a value may go on in the next one."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from dlp_recognizers.joins import LEFT, NEAR, REACH, WORTH, last_word, open_key
from gateway.model import SpanKind, TextSpan


class Tails:
    """How the last requests of each agent ended, where something may go on in the next one.

    Holds text: bounded, short-lived, never written anywhere. Not thread-safe.
    """

    def __init__(self, *, agents: int = 4096, each: int = 4, seconds: float = 900.0) -> None:
        self._agents = agents
        self._each = each
        self._seconds = seconds
        self._tails: OrderedDict[str, list[tuple[float, str]]] = OrderedDict()

    def recall(self, agent: str, *, now: float) -> tuple[str, ...]:
        """The ends that are not too old, newest first."""
        return tuple(text for until, text in reversed(self._tails.get(agent, ())) if until > now)

    def remember(
        self, agent: str, spans: Sequence[TextSpan], *, now: float, whole: AbstractSet[int] = frozenset()
    ) -> None:
        """Keep how the last string of a request ends, if a value may be cut there. `whole` are the spans that end with
        a value that was found: what comes next is no part of it, unless it is a private key without its end."""
        index = next((at for at in range(len(spans) - 1, -1, -1) if _is_text(spans[at])), -1)
        last = spans[index].text if index >= 0 else ""
        if index in whole and open_key(last) < 0:
            return
        if LEFT.search(last[-2:]) is None or WORTH.search(last_word(last[-NEAR:]) + "0") is None:
            return
        begin = open_key(last)
        tail = last[begin:] if begin >= 0 else last[-REACH:]
        kept = [entry for entry in self._tails.pop(agent, []) if entry[0] > now and entry[1] != tail]
        self._tails[agent] = [*kept, (now + self._seconds, tail)][-self._each :]
        if len(self._tails) > self._agents:
            self._tails.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        self._tails.clear()

    def __repr__(self) -> str:
        return f"Tails(agents={len(self._tails)})"


def _is_text(span: TextSpan) -> bool:
    return span.kind is SpanKind.TEXT and bool(span.text)
