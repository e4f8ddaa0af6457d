"""Moves events from an outbox to a Redis stream, each exactly once in the stream.

A batch and the high-water mark of its outbox are written by one script, which first compares the mark with the one we
expect. If it differs, nothing is written and we go on from the mark that Redis holds: after an answer that got lost
(the mark is higher than we thought) and after a Redis that lost its data (the mark is lower: everything retained above
it is sent again). Redis away means that this task waits; requests never do.
"""

from __future__ import annotations

import asyncio
import enum
import random
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import redis.exceptions as redis_errors
import structlog
from redis.asyncio import Redis as Client
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from gateway.evidence.metrics import Metrics
from gateway.evidence.outbox import Outbox
from gateway.settings import Redis as RedisSettings

BATCH: Final = 500
"""Events in one script call; the script blocks Redis for well under 10 ms at this size."""
IO_SECONDS: Final = 5.0
CONNECT_SECONDS: Final = 3.0
IDLE_SECONDS: Final = 0.1
"""How long to wait for new events when there are none."""
PROBE_SECONDS: Final = 2.0
"""How often an idle sink asks Redis for the mark, and so notices that it is down or empty."""
BACKOFF_SECONDS: Final = (0.1, 5.0)
_WORDS: Final = frozenset(
    {"OOM", "READONLY", "MISCONF", "NOPERM", "NOAUTH", "WRONGTYPE", "LOADING", "CLUSTERDOWN", "MASTERDOWN"}
)

# KEYS: stream, mark. ARGV: expected mark, maxlen, then seq and event in turn.
# XADD is called through pcall: events before a failed one stay, so the mark must cover exactly those.
_SCRIPT: Final = """
local mark = redis.call('GET', KEYS[2]) or '0'
if mark ~= ARGV[1] then return {mark, ''} end
local fault = ''
for i = 3, #ARGV, 2 do
  local added = redis.pcall('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', 'event', ARGV[i + 1])
  if type(added) == 'table' and added.err then fault = added.err break end
  mark = ARGV[i]
end
if mark ~= ARGV[1] then redis.call('SET', KEYS[2], mark) end
return {mark, fault}
"""

type _Script = Callable[..., Awaitable[list[bytes]]]

_log = structlog.get_logger("gateway.evidence.redis_sink")


class SinkStatus(enum.StrEnum):
    """Whether a sink takes events."""

    STARTING = "starting"
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class SinkState:
    """What a sink says of itself. `reason` is a type or a code word, never the text of an error."""

    name: str
    status: SinkStatus
    lag: int
    """Events that the sink has not taken yet."""
    delivered: int
    reason: str = ""
    rewinds: int = 0


class _Refusal(Exception):
    """The stream did not take an event; carries a word of Redis' error alone."""


class RedisSink:
    """The drain of one outbox."""

    def __init__(self, settings: RedisSettings, outbox: Outbox, metrics: Metrics) -> None:
        self._settings = settings
        self._outbox = outbox
        self._metrics = metrics
        self._status = SinkStatus.STARTING
        self._reason = ""
        self._rewinds = 0
        self._mark = 0

    def state(self) -> SinkState:
        """A snapshot for readiness and the status page."""
        lag, taken = self._outbox.pending(), self._outbox.delivered()
        return SinkState("redis", self._status, lag, taken, self._reason, self._rewinds)

    async def run(self) -> None:
        """Drain until cancelled. Connects again after every fault, with growing, jittered pauses."""
        failures = 0
        while True:
            try:
                await self._session()
            except Exception as error:  # noqa: BLE001  # whatever goes wrong here, requests and the outbox go on
                failures = failures + 1 if self._status is SinkStatus.DOWN else 1
                self._down(_word(error))
            await asyncio.sleep(_pause(failures))

    async def drain(self, seconds: float) -> bool:
        """Wait until the sink has everything; False if that took longer than `seconds`."""
        deadline = asyncio.get_running_loop().time() + seconds
        while self._outbox.pending():
            if asyncio.get_running_loop().time() > deadline:
                return False
            await asyncio.sleep(0.02)
        return True

    async def _session(self) -> None:
        """One connection's life. Ends by raising."""
        client = await asyncio.to_thread(self._client)
        try:
            script = cast("_Script", client.register_script(_SCRIPT))
            outbox_id, idle = "", 0.0
            while True:
                if outbox_id != self._outbox.outbox_id:  # at the start, and when a broken file was replaced
                    outbox_id, idle = self._outbox.outbox_id, PROBE_SECONDS
                    self._mark = self._outbox.delivered_seq
                rows = await asyncio.to_thread(self._outbox.after, self._mark, BATCH)
                if outbox_id and (rows or idle >= PROBE_SECONDS):
                    await self._send(script, outbox_id, rows)
                    idle = 0.0
                if len(rows) < BATCH:
                    await asyncio.sleep(IDLE_SECONDS)
                    idle += IDLE_SECONDS
        finally:
            await asyncio.shield(client.aclose())

    def _client(self) -> Client:
        """A client of one connection, with a bound on every wait and no retries of its own."""
        secret: dict[str, Any] = {}
        if self._settings.password_file is not None:
            secret["password"] = self._settings.password_file.read_text(encoding="utf-8").strip()
        return Client.from_url(
            self._settings.url,
            **secret,
            socket_timeout=IO_SECONDS,
            socket_connect_timeout=CONNECT_SECONDS,
            retry=Retry(NoBackoff(), 0),
            max_connections=1,
            protocol=2,
        )

    async def _send(self, script: _Script, outbox_id: str, rows: list[tuple[int, bytes]]) -> None:
        """Give one batch to the script and go on from the mark it returns."""
        keys = [self._settings.stream, _mark_key(self._settings.stream, outbox_id)]
        arguments: list[object] = [str(self._mark), self._settings.maxlen]
        for seq, event in rows:
            arguments += (seq, event)
        async with asyncio.timeout(IO_SECONDS + CONNECT_SECONDS):
            mark, fault = await script(keys=keys, args=arguments)
        await self._adopt(int(mark), rows)
        if fault:
            raise _Refusal(_first_word(fault.decode("ascii", "backslashreplace")))
        self._up()

    async def _adopt(self, mark: int, rows: list[tuple[int, bytes]]) -> None:
        """Redis holds everything up to `mark`: say so to the outbox."""
        before, self._mark = self._mark, mark
        if mark < before:
            self._rewinds += 1
            self._metrics.sink_rewound("redis")
            _log.warning("sink_rewound", sink="redis", outbox=self._outbox.outbox_id)
        elif mark > before:
            self._metrics.sink_delivered("redis", sum(1 for seq, _ in rows if seq <= mark))
        if mark != self._outbox.delivered_seq:
            await asyncio.to_thread(self._outbox.mark_delivered, mark)

    def _up(self) -> None:
        if self._status is not SinkStatus.UP:
            _log.info("sink_up", sink="redis")
            self._status, self._reason = SinkStatus.UP, ""
            self._metrics.sink("redis", up=True)

    def _down(self, reason: str) -> None:
        if self._status is not SinkStatus.DOWN or self._reason != reason:
            _log.error("sink_down", sink="redis", reason=reason, pending=self._outbox.pending())
        self._status, self._reason = SinkStatus.DOWN, reason
        self._metrics.sink("redis", up=False)


async def drain_leftover(settings: RedisSettings, path: Path, metrics: Metrics, *, retain: int) -> None:
    """Deliver what the outbox of a worker that no longer exists still holds; ends when nothing waits in it.

    For a start with fewer workers than before. Harmless if the worker does exist: marks are compared before a write.
    """
    outbox = await asyncio.to_thread(Outbox, path, bound=1, retain=retain, on_lost=metrics.outbox_lost)
    drain = asyncio.create_task(RedisSink(settings, outbox, metrics).run())
    try:
        while outbox.pending():  # noqa: ASYNC110  # what is waited for happens in Redis
            await asyncio.sleep(IDLE_SECONDS)
    finally:
        drain.cancel()
        await asyncio.gather(drain, return_exceptions=True)
        await asyncio.to_thread(outbox.close)


def _mark_key(stream: str, outbox_id: str) -> str:
    """Key of an outbox's mark: in the hash slot of the stream if the stream's name has a hash tag."""
    tag = re.search(r"\{[^{}]+\}", stream)
    return f"{tag.group() if tag else 'llmgw'}:hw:{outbox_id}"


def _pause(failures: int) -> float:
    """Seconds before attempt `failures` + 1: doubling, half of it by chance, so that workers do not come in step."""
    shortest, longest = BACKOFF_SECONDS
    ceiling = min(longest, shortest * float(1 << min(failures, 10)))
    return ceiling / 2 + random.random() * ceiling / 2  # noqa: S311


def _word(error: BaseException) -> str:
    """A name for an error that holds nothing of its text, except a code word that Redis defines."""
    if isinstance(error, _Refusal):
        return str(error)
    if isinstance(error, redis_errors.ResponseError):
        word = _first_word(str(error))
        return word if word != "ERR" else type(error).__name__
    return type(error).__name__


def _first_word(text: str) -> str:
    word = text.lstrip("-").split(" ", 1)[0]
    return word if word in _WORDS else "ERR"
