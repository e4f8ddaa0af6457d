"""The filter over one streamed answer: cuts it into events, restores the texts that run through them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import orjson

from gateway.dialects import BY_NAME
from gateway.errors import Refusal, Refused
from gateway.model import Usage
from gateway.ports import StreamFilter
from gateway.restore.answer_scan import EventTexts
from gateway.restore.bedrock import ConverseShape, InvokeShape
from gateway.restore.channel import Channel
from gateway.restore.chat import ChatShape
from gateway.restore.cohere import CohereShape
from gateway.restore.eventstream import ChunkStreamParser, EventStreamParser
from gateway.restore.framing import Frame, Framing
from gateway.restore.gemini import GeminiShape
from gateway.restore.guard import AnswerCut, AnswerGuard, TextGuard, guard_text
from gateway.restore.json_array import JsonArrayParser
from gateway.restore.llama_cpp import LlamaCppShape
from gateway.restore.messages import MessagesShape
from gateway.restore.mistral import MistralShape
from gateway.restore.ndjson import NdjsonParser
from gateway.restore.ollama import OllamaShape
from gateway.restore.responses import ResponsesShape
from gateway.restore.shape import Key, PlainShape, Shape, Slot
from gateway.restore.sse import SseParser, answer_too_large, untrusted_answer
from gateway.restore.text import CREDENTIAL, Table, Tally, TextRestorer, restore_text
from gateway.restore.usage import MENTIONED, merged_usage
from gateway.restore.walk import Walk
from gateway.upstream_state import IdWatch

MAX_EVENT_BYTES: Final = 4 * 1024 * 1024
MAX_TEXTS: Final = 4096
"""Texts (choices, parts, tool calls) in one answer; each keeps a buffer."""
SHAPES: Final[Mapping[str, Callable[[], Shape]]] = MappingProxyType(
    {
        "plain": PlainShape,
        "chat": ChatShape,
        "responses": ResponsesShape,
        "messages": MessagesShape,
        "gemini": GeminiShape,
        "bedrock": ConverseShape,
        "bedrock.invoke": InvokeShape,
        "mistral": MistralShape,
        "cohere": CohereShape,
        "ollama": OllamaShape,
        "llama_cpp": LlamaCppShape,
    }
)
"""What a dialect's `stream` names."""
FRAMINGS: Final[Mapping[str, Callable[[int], Framing]]] = MappingProxyType(
    {
        "sse": SseParser,
        "json_array": JsonArrayParser,
        "ndjson": NdjsonParser,
        "eventstream": EventStreamParser,
        "eventstream_chunks": ChunkStreamParser,
    }
)
"""What a dialect's `framings` name; made with the bound on one event."""


def stream_filter(
    dialect: str,
    restore: Mapping[str, str],
    *,
    masks: tuple[str, ...] = (),
    in_urls: bool = False,
    media_type: str = "text/event-stream",
    guard: AnswerGuard | None = None,
    watch: IdWatch | None = None,
    max_event_bytes: int = MAX_EVENT_BYTES,
) -> StreamFilter:
    """A filter for one streamed answer of `dialect`, framed as `media_type` says.

    `restore` maps placeholders to values; `masks` are texts that become `[credential]`; `in_urls` also restores within
    URLs (tool arguments always are); `guard` looks for what must not be in the answer; `watch` sees the ids of what the
    upstream keeps. The bytes that come out depend
    on the bytes that go in, not on how they were cut.
    Raises Refused for a dialect that has no stream; `feed` and `close` raise it for a stream that cannot be read, for
    an event above `max_event_bytes`, for an answer that the guard cuts, and for more than 4096 texts in one answer.
    """
    known = BY_NAME.get(dialect)
    if known is None or not streams(dialect, media_type):
        raise Refused(untrusted_answer())
    shape, framing = SHAPES[known.stream](), FRAMINGS[known.framings[media_type]](max_event_bytes)
    return RestoringFilter(shape, framing, Table.of(restore, masks), in_urls=in_urls, guard=guard, watch=watch)


def streams(dialect: str, media_type: str) -> bool:
    """Whether an answer of `dialect` in this media type is a stream."""
    known = BY_NAME.get(dialect)
    return known is not None and bool(known.stream) and media_type in known.framings


class RestoringFilter:
    """See `gateway.ports.StreamFilter`.

    A delta whose text is held back is sent with what is settled, maybe nothing, so that the sequence of events stays.
    What is still held when its text ends goes out in one more delta before the event that ends it, or in that event if
    it carries a piece of the same text.
    """

    def __init__(
        self,
        shape: Shape,
        framing: Framing,
        table: Table,
        *,
        in_urls: bool,
        guard: AnswerGuard | None = None,
        watch: IdWatch | None = None,
    ) -> None:
        self._shape = shape
        self._framing = framing
        self._table = table
        self._in_urls = in_urls
        self._guard = guard
        self._watch = watch
        self._texts = EventTexts(guard) if guard is not None else None
        self._idle = table.idle and guard is None
        self._rewrites = bool(table.keys) or (guard is not None and guard.profile.holds)
        self._channels: dict[Key, Channel] = {}
        self._tally = Tally()
        self._usage = Usage()
        self._ended = False
        self.failed: Refusal | None = None
        """Why the stream was ended natively from within; None if it was not."""

    @property
    def usage(self) -> Usage:
        """Token counts seen so far."""
        return self._usage

    @property
    def restored(self) -> int:
        """Placeholders put back so far; a text that the dialect sends twice counts twice."""
        return self._tally.restored

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes; return what may go out. After `close` or `abort` it takes nothing."""
        if self._ended:
            return b""
        out: list[bytes] = []
        for event in self._framing.feed(data):
            try:
                out.append(self._event(event))
            except AnswerCut as refused:
                # What came before it in the same chunk goes out, as it would have if it had come alone.
                self.failed = refused.refusal
                return b"".join([*out, self.abort(refused.refusal)])
        return b"".join(out)

    def close(self) -> bytes:
        """The upstream ended. An event that was cut off is dropped, as clients do; held-back text goes out."""
        if self._ended:
            return b""
        rest = self._framing.close()
        out = b""
        try:
            if rest is not None and (rest.data is None or rest.ends or _parsed(rest.data) is not None):
                out = self._event(rest)
                if rest.data is not None and self._holding():
                    out += self._framing.gap
            out += self._flushed(lambda _: True)
        except AnswerCut as refused:
            self.failed = refused.refusal
            return out + self.abort(refused.refusal)
        self._ended = True
        return out

    def abort(self, refusal: Refusal) -> bytes:
        """End the stream with an error of the dialect's own; what was held back is dropped."""
        if self._ended:
            return b""
        self._ended = True
        self._channels.clear()
        return self._framing.render(self._shape.failure(refusal))

    def _holding(self) -> bool:
        return any(channel.holding for channel in self._channels.values())

    def _event(self, event: Frame) -> bytes:
        data = event.data
        if event.ends:
            return self._flushed(lambda _: True) + event.raw
        watched = self._watch is not None and data is not None and self._watch.wants(data)
        if data is None or (self._idle and not watched and MENTIONED.search(data) is None):
            return self._masked(event.raw)
        tree = _parsed(data)
        if tree is None:
            return self._unknown(event, data)
        if watched and self._watch is not None:
            self._watch.take(tree)
        if MENTIONED.search(data) is not None:
            self._usage = merged_usage(self._usage, tree)
        if self._idle:
            return event.raw
        return self._restored_event(event, data, tree)

    def _restored_event(self, event: Frame, data: bytes, tree: dict[str, Any]) -> bytes:
        slots = self._shape.slots(tree)
        closing = self._shape.closing(tree)
        changed = False
        for slot in slots:
            changed |= self._piece(slot, tree, ends=closing is not None and closing(slot.key))
        before = self._flushed(closing) if closing is not None else b""
        if self._texts is not None:
            changed |= self._texts.look(tree, {(id(slot.holder), slot.name) for slot in slots})
        if self._table.suspicious.search(data) is not None or (self._table.keys and _OFFSETS.search(data)):
            skip = {(id(slot.holder), slot.name) for slot in slots}
            walk = Walk(self._table, self._tally, in_urls=self._in_urls, skip=skip)
            walk.walk(tree)
            changed |= walk.changed
        if self._rewrites:
            if self._shape.drops(tree, self._changed_in):
                return before
            changed |= self._shape.tidy(tree, changed, self._changed_in)
        return before + self._masked(event.with_data(orjson.dumps(tree)) if changed else event.raw)

    def _piece(self, slot: Slot, tree: dict[str, Any], *, ends: bool) -> bool:
        channel = self._channels.get(slot.key)
        if channel is None:
            if len(self._channels) >= MAX_TEXTS:
                raise Refused(answer_too_large())
            restorer = TextRestorer(self._table, self._tally, escape=slot.escape, in_urls=slot.tool or self._in_urls)
            guard = TextGuard(self._guard) if self._guard is not None else None
            channel = self._channels[slot.key] = Channel(restorer, guard)
        text = slot.holder[slot.name]
        new = channel.feed(text)
        if ends:
            new += channel.flush()
        channel.last = tree if channel.holding else {}
        slot.holder[slot.name] = new
        return bool(new != text)

    def _flushed(self, closing: Callable[[Key], bool]) -> bytes:
        out: list[bytes] = []
        for key in [key for key in self._channels if closing(key)]:
            channel = self._channels[key]
            if channel.holding:
                carried = self._shape.carry(key, channel.last, channel.flush())
                out.append(self._framing.render(carried))
                channel.last = {}
        return b"".join(out)

    def _changed_in(self, key: Key) -> int:
        channel = self._channels.get(key)
        return channel.changed if channel is not None else 0

    def _unknown(self, event: Frame, data: bytes) -> bytes:
        """Data that is no JSON object: one text, whole."""
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            raise Refused(untrusted_answer()) from None
        looked = guard_text(self._guard, text) if self._guard is not None else text
        new = restore_text(self._table, looked, self._tally, in_urls=self._in_urls)
        return self._masked(event.with_data(new.replace("\n", " ").encode("utf-8")) if new != text else event.raw)

    def _masked(self, raw: bytes) -> bytes:
        # Comments and fields other than data are no JSON; a credential in them is replaced byte by byte.
        for mask in self._table.masks:
            encoded = mask.encode("utf-8")
            if encoded in raw:
                raw = raw.replace(encoded, CREDENTIAL.encode("ascii"))
        return raw


_OFFSETS: Final = re.compile(
    rb'"(?:(?:prompt_)?logprobs|logprobs(?:Result|_result)|completion_probabilities|annotations|citations)"'
    rb"\s*:\s*[\[{]\s*[^\]}\s]"
)


def _parsed(data: bytes) -> dict[str, Any] | None:
    try:
        tree = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    return tree if isinstance(tree, dict) else None
