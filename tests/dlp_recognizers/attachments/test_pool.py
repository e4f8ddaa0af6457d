"""The openers' pool: what goes wrong with an opener refuses, what goes wrong with a document makes it unknown."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import psutil
import pytest
import pytest_asyncio

from dlp_recognizers.attachments.budget import Bounds
from dlp_recognizers.attachments.pool import OpenerPool
from dlp_recognizers.attachments.setup import Opening
from gateway.attached import Attachment, Rewrite
from tests.support import files

HELLO = Attachment("/x", "text/plain", 8, "", base64.b64encode(b"hello 42").decode())
SLOW = replace(HELLO, media_type="application/pdf", data=files.pdf(*["a line of text\n" * 50] * 450))


@pytest_asyncio.fixture
async def pool() -> AsyncIterator[OpenerPool]:
    each = OpenerPool(Opening())
    yield each
    await each.close()


async def busy(pool: OpenerPool) -> None:
    """Until an opener serves."""
    for _ in range(1_000):
        if pool.pids():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("no opener came up")


async def test_the_first_attachment_starts_an_opener(pool: OpenerPool) -> None:
    assert pool.pids() == ()
    opened = await pool.open([HELLO, replace(HELLO, data="")], agent="a")
    assert [[part.text for part in each.parts] for each in opened.readings] == [["hello 42"], []]
    assert [each.unknown for each in opened.readings] == [(), ("reference",)]
    assert len(pool.pids()) == 1


async def test_a_text_is_rewritten_in_its_own_form(pool: OpenerPool) -> None:
    for data, new in (
        (HELLO.data, base64.b64encode(b"hello [X]").decode()),
        (files.data_url(b"hello 42", "text/plain"), files.data_url(b"hello [X]", "text/plain")),
        ("data:text/plain,hello%2042", "data:text/plain,hello%20%5BX%5D"),
        (b"hello 42", b"hello [X]"),
    ):
        done = await pool.rewrite([Rewrite(replace(HELLO, data=data), ("X",), source="hello [X]")], agent="a")
        assert done.attachments[0] is not None
        assert (done.attachments[0].data, done.attachments[0].reading.parts[0].text) == (new, "hello [X]")


async def test_a_text_keeps_its_encoding_or_is_not_rewritten(pool: OpenerPool) -> None:
    wide = replace(HELLO, data="Grüße 42".encode("utf-16"))
    narrow = replace(HELLO, data="Grüße 42".encode("latin-1"))
    done = await pool.rewrite(
        [
            Rewrite(wide, (), source="\ufeffGrüße ✂"),
            Rewrite(narrow, (), source="Grüße -"),
            Rewrite(narrow, (), source="✂"),
        ],
        agent="a",
    )
    assert [each and each.data for each in done.attachments] == [
        "Grüße ✂".encode("utf-16"),
        "Grüße -".encode("latin-1"),
        None,
    ]


async def test_a_child_that_dies_makes_its_document_unknown(pool: OpenerPool) -> None:
    await pool.open([HELLO], agent="a")
    work = asyncio.create_task(pool.open([SLOW], agent="a"))
    await asyncio.sleep(0.1)
    for child in psutil.Process(pool.pids()[0]).children():
        child.send_signal(signal.SIGSEGV)
    opened = await work
    assert (opened.complete, opened.readings[0].unknown) == (True, ("died",))
    assert (await pool.open([HELLO], agent="a")).readings[0].unknown == ()
    assert pool.restarts == 0


async def test_an_opener_that_dies_refuses_and_is_replaced(pool: OpenerPool) -> None:
    await pool.open([HELLO], agent="a")
    work = asyncio.create_task(pool.open([SLOW], agent="a"))
    await asyncio.sleep(0.1)
    os.kill(pool.pids()[0], signal.SIGKILL)
    opened = await work
    assert (opened.complete, opened.reason, opened.readings) == (False, "worker_died", ())
    assert (await pool.open([HELLO], agent="a")).complete
    assert pool.restarts == 1


async def test_no_child_outlives_its_opener(pool: OpenerPool) -> None:
    await pool.open([HELLO], agent="a")
    child = psutil.Process(pool.pids()[0]).children()[0]
    await pool.close()
    psutil.wait_procs([child], timeout=5)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


async def test_an_opener_that_hangs_is_past_the_deadline() -> None:
    pool = OpenerPool(Opening(deadline_seconds=0.3))
    try:
        await pool.open([HELLO], agent="a")
        await busy(pool)
        os.kill(pool.pids()[0], signal.SIGSTOP)
        for child in psutil.Process(pool.pids()[0]).children():
            child.send_signal(signal.SIGSTOP)
        opened = await pool.open([HELLO], agent="a")
        assert (opened.complete, opened.reason) == (False, "deadline")
    finally:
        await pool.close()


async def test_too_many_waiting_are_refused_and_one_agent_cannot_take_all() -> None:
    pool = OpenerPool(Opening(queue=3, queue_per_agent=2))
    try:
        work = [asyncio.create_task(pool.open([SLOW], agent="greedy")) for _ in range(2)]
        await asyncio.sleep(0)
        assert (await pool.open([HELLO], agent="greedy")).reason == "queue_full"
        modest = asyncio.create_task(pool.open([HELLO], agent="modest"))
        await asyncio.sleep(0)
        assert (await pool.open([HELLO], agent="third")).reason == "queue_full"
        assert (await modest).complete
        assert not work[1].done(), "one of greedy's two came first, then modest's"
        assert [each.complete for each in await asyncio.gather(*work)] == [True, True]
    finally:
        await pool.close()


async def test_an_engine_that_cannot_start_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    from dlp_recognizers.attachments import process

    monkeypatch.setattr(process, "COMMAND", ("/bin/false",))
    pool = OpenerPool(Opening(deadline_seconds=5))
    try:
        opened = await asyncio.wait_for(pool.open([HELLO], agent="a"), 4)
        assert (opened.complete, opened.reason) == (False, "worker_died")
    finally:
        await pool.close()


async def test_a_closed_pool_refuses(pool: OpenerPool) -> None:
    await pool.close()
    assert (await pool.open([HELLO], agent="a")).reason == "closed"


async def test_the_loop_goes_on_while_a_large_file_is_opened(pool: OpenerPool) -> None:
    await pool.open([HELLO], agent="a")
    large = replace(
        HELLO, media_type="application/octet-stream", data=base64.b64encode(os.urandom(20 * 1024 * 1024)).decode()
    )
    work = asyncio.create_task(pool.open([large], agent="a"))
    worst, loop = 0.0, asyncio.get_running_loop()
    while not work.done():
        begin = loop.time()
        await asyncio.sleep(0.001)
        worst = max(worst, loop.time() - begin)
    assert (await work).readings[0].unknown == ("unsupported",)
    assert worst < 0.5


def test_replies_are_not_believed_blindly() -> None:
    import orjson

    from dlp_recognizers.attachments.messages import unpack_reading
    from dlp_recognizers.frames import FrameError

    good: dict[str, Any] = {
        "kind": "text/plain",
        "unknown": [],
        "parts": [["source", "x"]],
        "data": None,
        "bytes": None,
    }
    assert unpack_reading(orjson.dumps(good))[0].content_type == "text/plain"
    for bad in (
        {**good, "unknown": ["clean"]}, {**good, "parts": [["other", "x"]]}, {**good, "parts": [["source", 1]]},
        {**good, "data": 5}, {**good, "bytes": "%"}, {}, [],
    ):  # fmt: skip
        with pytest.raises(FrameError):
            unpack_reading(orjson.dumps(bad))


def test_bounds_are_what_the_settings_say() -> None:
    assert Bounds().seconds == 10 and Bounds().pages == 500
