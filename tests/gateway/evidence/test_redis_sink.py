"""The drain against a real redis-server: whatever happens to it, each event is in the stream exactly once."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import orjson
import pytest
from redis.asyncio import Redis as Client

from gateway.evidence import redis_sink
from gateway.evidence.metrics import Metrics
from gateway.evidence.outbox import Outbox
from gateway.evidence.redis_sink import RedisSink, SinkStatus, drain_leftover
from gateway.settings import Redis as RedisSettings
from tests.support.redis_server import RedisServer, available

pytestmark = [pytest.mark.redis, pytest.mark.skipif(not available(), reason="redis-server is not installed")]

STREAM = "llmgw:events"


@pytest.fixture(autouse=True)
def _short_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_sink, "BACKOFF_SECONDS", (0.05, 0.3))
    monkeypatch.setattr(redis_sink, "IO_SECONDS", 0.5)
    monkeypatch.setattr(redis_sink, "CONNECT_SECONDS", 0.5)
    monkeypatch.setattr(redis_sink, "PROBE_SECONDS", 0.2)
    monkeypatch.setattr(redis_sink, "IDLE_SECONDS", 0.02)
    monkeypatch.setattr(redis_sink, "BATCH", 50)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(tmp_path / "redis") as running:
        yield running


class Rig:
    """An outbox, its sink running against a server, and a source that never pauses."""

    def __init__(self, folder: Path, url: str, **settings: object) -> None:
        self.path = folder / "outbox.sqlite"
        self.metrics = Metrics()
        self.box = self.open()
        self.settings = RedisSettings(url=url, **settings)  # type: ignore[arg-type]
        self.sink = RedisSink(self.settings, self.box, self.metrics)
        self.task = asyncio.create_task(self.sink.run())
        self.emitted = 0

    def open(self) -> Outbox:
        return Outbox(self.path, bound=100_000, retain=100_000, on_lost=self.metrics.outbox_lost)

    def emit(self, count: int = 1) -> None:
        for _ in range(count):
            self.box.emit({"event_id": f"e{self.emitted}"})
            self.emitted += 1

    async def emit_for(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while loop.time() < end:
            self.emit(5)
            await asyncio.sleep(0.01)

    async def until(self, status: SinkStatus) -> None:
        for _ in range(1000):
            if self.sink.state().status is status:
                return
            await asyncio.sleep(0.01)
        raise TimeoutError(status)

    async def settle(self) -> None:
        assert await asyncio.to_thread(self.box.flush)
        assert await self.sink.drain(15)

    async def close(self) -> None:
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task
        await asyncio.to_thread(self.box.close)


@pytest.fixture
async def rig(tmp_path: Path, server: RedisServer) -> AsyncIterator[Rig]:
    made = Rig(tmp_path, server.url)
    yield made
    await made.close()


async def stream(url: str) -> list[str]:
    async with Client.from_url(url, protocol=2) as client:
        entries = await client.xrange(STREAM)
    assert all(list(fields) == [b"event"] for _, fields in entries)
    return [orjson.loads(fields[b"event"])["event_id"] for _, fields in entries]


async def assert_each_once(rig: Rig, url: str) -> None:
    await rig.settle()
    counted = Counter(await stream(url))
    assert not {name for name, count in counted.items() if count > 1}
    assert set(counted) == {f"e{number}" for number in range(rig.emitted)}
    assert rig.box.lost == 0


async def test_events_arrive_in_order(rig: Rig, server: RedisServer) -> None:
    rig.emit(333)
    await rig.settle()
    assert await stream(server.url) == [f"e{number}" for number in range(333)]
    state = rig.sink.state()
    assert (state.status, state.lag, state.delivered, state.reason) == (SinkStatus.UP, 0, 333, "")
    assert b'llmgw_sink_up{sink="redis"} 1.0' in rig.metrics.render()
    assert b'llmgw_sink_delivered_total{sink="redis"} 333.0' in rig.metrics.render()


async def test_killed_and_back_with_its_data(rig: Rig, server: RedisServer) -> None:
    await rig.emit_for(0.4)
    for _ in range(2):
        server.kill()
        await rig.emit_for(0.5)
        await rig.until(SinkStatus.DOWN)
        assert rig.sink.state().lag > 0
        await asyncio.to_thread(server.start)
        await rig.emit_for(0.4)
    await assert_each_once(rig, server.url)
    assert rig.sink.state().rewinds == 0


async def test_killed_and_back_empty(rig: Rig, server: RedisServer) -> None:
    await rig.emit_for(0.4)
    await rig.settle()
    server.kill()
    server.erase()
    await rig.emit_for(0.3)
    await asyncio.to_thread(server.start)
    await rig.emit_for(0.3)
    await assert_each_once(rig, server.url)
    assert rig.sink.state().rewinds == 1


async def test_emptied_while_nothing_happens(rig: Rig, server: RedisServer) -> None:
    rig.emit(20)
    await rig.settle()
    async with Client.from_url(server.url, protocol=2) as client:
        await client.flushall()
    for _ in range(100):
        if len(await stream(server.url)) == 20:
            break
        await asyncio.sleep(0.05)
    await assert_each_once(rig, server.url)


async def test_paused_and_resumed(rig: Rig, server: RedisServer) -> None:
    await rig.emit_for(0.3)
    server.pause()
    await rig.emit_for(1.2)
    await rig.until(SinkStatus.DOWN)
    server.resume()
    await rig.emit_for(0.3)
    await assert_each_once(rig, server.url)


async def test_an_answer_that_got_lost_sends_nothing_twice(rig: Rig, server: RedisServer) -> None:
    await rig.emit_for(0.2)
    async with Client.from_url(server.url, protocol=2) as client:
        for _ in range(5):
            with contextlib.suppress(Exception):
                await client.client_kill_filter(_type="normal", skipme=True)
            await rig.emit_for(0.1)
        sleeping = asyncio.create_task(client.execute_command("DEBUG", "SLEEP", "0.8"))
        await rig.emit_for(1.0)
        with contextlib.suppress(Exception):
            await sleeping
    await assert_each_once(rig, server.url)


async def test_a_worker_that_died_sends_nothing_twice(rig: Rig, server: RedisServer) -> None:
    rig.emit(100)
    await rig.settle()
    rig.task.cancel()
    await asyncio.to_thread(rig.box.close)
    # the mark of the outbox goes back to before the delivery, as after SIGKILL
    from gateway.evidence.outbox_file import OutboxFile

    file = OutboxFile(rig.path)
    with file.transaction():
        file.set_meta("delivered", "0")
    file.close()
    rig.box = rig.open()
    assert rig.box.pending() == 100
    rig.sink = RedisSink(rig.settings, rig.box, rig.metrics)
    rig.task = asyncio.create_task(rig.sink.run())
    rig.emit(10)
    await assert_each_once(rig, server.url)


@pytest.mark.parametrize(
    ("break_it", "mend_it", "reason"),
    [
        (("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0"), "OOM"),
        (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE"), "READONLY"),
        (("SET", STREAM, "in the way"), ("DEL", STREAM), "WRONGTYPE"),
    ],
)
async def test_a_server_that_refuses_is_down_with_the_reason(
    rig: Rig, server: RedisServer, break_it: tuple[str, ...], mend_it: tuple[str, ...], reason: str
) -> None:
    await rig.until(SinkStatus.UP)
    async with Client.from_url(server.url, protocol=2) as client:
        await client.execute_command(*break_it)
        rig.emit(60)
        await rig.until(SinkStatus.DOWN)
        assert rig.sink.state().reason == reason
        assert rig.sink.state().lag == 60
        assert b'llmgw_sink_up{sink="redis"} 0.0' in rig.metrics.render()
        await client.execute_command(*mend_it)
    await assert_each_once(rig, server.url)


async def test_the_stream_is_bounded(tmp_path: Path, server: RedisServer) -> None:
    rig = Rig(tmp_path, server.url, maxlen=100)
    rig.emit(1000)
    await rig.settle()
    assert 100 <= len(await stream(server.url)) < 300
    await rig.close()


async def test_no_password_in_state_or_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    word = "hunter" + "2secret"
    (tmp_path / "password").write_text(word + "\n")
    with RedisServer(tmp_path / "redis", options=("--requirepass", "another")) as server:
        for settings in ({"password_file": tmp_path / "password"}, {}):
            url = server.url if settings else server.url.replace("://", f"://:{word}@")
            rig = Rig(tmp_path, url, **settings)
            await rig.until(SinkStatus.DOWN)
            assert rig.sink.state().reason == "AuthenticationError"
            await rig.close()
    captured = capsys.readouterr()
    assert word not in captured.out + captured.err


async def test_a_password_file_is_used(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("another\n")
    with RedisServer(tmp_path / "redis", options=("--requirepass", "another")) as server:
        rig = Rig(tmp_path, server.url, password_file=tmp_path / "password")
        rig.emit(3)
        await rig.settle()
        assert rig.sink.state().status is SinkStatus.UP
        await rig.close()


async def test_nobody_listening_is_down_and_costs_the_caller_nothing(tmp_path: Path) -> None:
    rig = Rig(tmp_path, "redis://127.0.0.1:1/0")
    await rig.until(SinkStatus.DOWN)
    loop = asyncio.get_running_loop()
    before = loop.time()
    rig.emit(100)
    assert loop.time() - before < 1.0
    assert rig.sink.state().reason == "ConnectionError"
    await rig.close()


async def test_a_drain_that_is_cancelled_again_and_again_sends_nothing_twice(rig: Rig, server: RedisServer) -> None:
    for turn in range(40):
        rig.emit(20)
        await asyncio.sleep(0.003 * (turn % 9))
        rig.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await rig.task
        rig.task = asyncio.create_task(rig.sink.run())
    await assert_each_once(rig, server.url)


CHILD = """
import asyncio, pathlib, sys
from gateway import logs
from gateway.evidence.metrics import Metrics
from gateway.evidence.outbox import Outbox
from gateway.evidence.redis_sink import RedisSink
from gateway.settings import Redis
async def main(path, url, start):
    metrics = Metrics()
    box = Outbox(pathlib.Path(path), bound=100000, retain=1000, on_lost=metrics.outbox_lost)
    task = asyncio.create_task(RedisSink(Redis(url=url), box, metrics).run())
    number = int(start)
    while True:
        for _ in range(5):
            box.emit({"event_id": f"e{number}"})
            number += 1
        if number % 100 == 0:
            await asyncio.to_thread(box.flush)
            print(number, flush=True)
        await asyncio.sleep(0.002)
logs.configure()
asyncio.run(main(*sys.argv[1:]))
"""


async def test_a_process_killed_in_the_middle_loses_and_repeats_nothing_that_was_committed(
    tmp_path: Path, server: RedisServer, repository: Path
) -> None:
    path, committed, start = tmp_path / "killed.sqlite", set[str](), 0
    for life in range(3):
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            CHILD,
            str(path),
            server.url,
            str(start),
            cwd=repository,
            stdout=asyncio.subprocess.PIPE,
        )
        assert child.stdout is not None
        for _ in range(3):
            flushed = int(await child.stdout.readline())
        await asyncio.sleep(0.013 * life)
        child.kill()
        await child.wait()
        committed |= {f"e{number}" for number in range(start, flushed)}
        start = flushed + 10_000
    metrics = Metrics()
    box = Outbox(path, bound=100_000, retain=100_000, on_lost=metrics.outbox_lost)
    sink = RedisSink(RedisSettings(url=server.url), box, metrics)
    task = asyncio.create_task(sink.run())
    assert await sink.drain(15)
    task.cancel()
    await asyncio.to_thread(box.close)
    counted = Counter(await stream(server.url))
    assert max(counted.values()) == 1
    assert committed <= set(counted)


async def test_the_mark_shares_the_hash_slot_of_a_tagged_stream(tmp_path: Path, server: RedisServer) -> None:
    rig = Rig(tmp_path, server.url, stream="{llmgw}:events")
    rig.emit(3)
    await rig.settle()
    async with Client.from_url(server.url, protocol=2) as client:
        assert sorted(await client.keys()) == [b"{llmgw}:events", f"{{llmgw}}:hw:{rig.box.outbox_id}".encode()]
    await rig.close()


async def test_the_outbox_of_a_worker_that_is_no_more_is_delivered(tmp_path: Path, server: RedisServer) -> None:
    metrics, path = Metrics(), tmp_path / "worker-3.sqlite3"
    box = Outbox(path, bound=1000, retain=100, on_lost=metrics.outbox_lost)
    for number in range(120):
        box.emit({"event_id": f"e{number}"})
    await asyncio.to_thread(box.close)
    settings = RedisSettings(url=server.url)
    for _ in range(2):
        async with asyncio.timeout(10):
            await drain_leftover(settings, path, metrics, retain=100)
    assert await stream(server.url) == [f"e{number}" for number in range(120)]
