"""Redis killed under load and brought back: no request notices, every event arrives exactly once."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from pathlib import Path

import pytest
import redis

from tests.support.gateway import running
from tests.support.load import Load, until
from tests.support.redis_server import RedisServer, available

pytestmark = [pytest.mark.runtime, pytest.mark.redis, pytest.mark.slow]
AWAY_SECONDS = 60.0 if os.environ.get("LLMGW_LONG_TESTS") == "1" else 6.0
"""The issue asks for 60 s; the everyday run is shorter."""


def stream(server: RedisServer) -> list[dict[str, object]]:
    with redis.Redis.from_url(server.url) as client:
        return [json.loads(fields[b"event"]) for _, fields in client.xrange("llmgw:events")]


@pytest.mark.skipif(not available(), reason="redis-server is not installed")
@pytest.mark.timeout(120 + int(AWAY_SECONDS))
def test_redis_killed_under_load_and_brought_back(tmp_path: Path) -> None:
    with RedisServer(tmp_path / "redis") as server:
        settings = {"evidence": {"redis": {"url": server.url}}}
        with running(tmp_path / "gateway", settings=settings) as gateway:
            with Load(gateway, threads=3, pause=0.02) as load:
                until(lambda: len(stream(server)) >= 20, 20, "events reach Redis")
                server.kill()
                begin, before = time.monotonic(), len(load.outcomes)
                time.sleep(AWAY_SECONDS)
                assert len(load.outcomes) - before > 5 * AWAY_SECONDS, "requests waited for Redis"
                assert gateway.admin("/readyz")[0] == 200, "a sink that is away must not end the service"
                server.start()
                load.wait_for(len(load.outcomes) + 20)
            assert time.monotonic() - begin >= AWAY_SECONDS
            assert Counter(outcome.status for outcome in load.outcomes) == {200: len(load.outcomes)}
            load.nothing_leaked()
            wanted = {outcome.request_id for outcome in load.outcomes}
            assert len(wanted) == len(load.outcomes)
            until(lambda: wanted <= {event["request_id"] for event in stream(server)}, 40, "every event arrives")
            events = stream(server)
            assert max(Counter(event["event_id"] for event in events).values()) == 1
            assert {event["event_id"] for event in events} == {event["event_id"] for event in gateway.events()}
            assert Counter(event["request_id"] for event in events) == Counter(wanted)
            kept = b"".join(file.read_bytes() for file in (tmp_path / "redis").rglob("*") if file.is_file())
            kept += json.dumps(events).encode()
            assert b"@customer.example" not in kept
            assert b"write to" not in kept
            metrics = gateway.admin("/metrics")[1]
            assert b"llmgw_outbox_lost_total 0.0" in metrics
