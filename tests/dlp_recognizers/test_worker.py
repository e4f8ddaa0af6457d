"""One scan process, driven by hand."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import orjson
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlp_recognizers import frames
from dlp_recognizers.process import _environment

FAKES = "tests.dlp_recognizers.fake_engines"
WORKER = (sys.executable, "-P", "-s", "-m", "dlp_recognizers.worker")


def start(engine: str = "create", parent: int = 0) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    worker = subprocess.Popen(WORKER, stdin=pipe, stdout=pipe, stderr=pipe, env=_environment())
    say(worker, frames.pack_json({"engine": f"{FAKES}:{engine}", "config": {}, "parent": parent or os.getpid()}))
    return worker


@pytest.fixture
def worker() -> Iterator[subprocess.Popen[bytes]]:
    process = start()
    assert orjson.loads(hear(process))["version"] == "fake-1"
    with process:
        yield process
        process.kill()


def say(worker: subprocess.Popen[bytes], data: bytes) -> None:
    assert worker.stdin is not None
    worker.stdin.write(data)
    worker.stdin.flush()


def hear(worker: subprocess.Popen[bytes]) -> bytes:
    assert worker.stdout is not None
    return worker.stdout.read(int.from_bytes(worker.stdout.read(4), "little"))


def test_answers_a_job_text_by_text(worker: subprocess.Popen[bytes]) -> None:
    texts = ["é MARK-1", "raise-incomplete", "\ud800MARK-2", "raise-error", ""]
    say(worker, frames.pack_texts(texts))
    rss, results = frames.unpack_reply(hear(worker), [len(text) for text in texts])
    assert results == [
        ((2, 8, "MARK", 0.9, "mark"),),
        "recognizer_failed",
        ((1, 7, "MARK", 0.9, "mark"),),
        "error",
        (),
    ]
    assert rss > 1_000_000


def test_says_nothing_about_text_on_its_way_out(worker: subprocess.Popen[bytes]) -> None:
    say(worker, frames.pack_texts(["raise-error zebra MARK-1"]))
    reply = hear(worker)
    say(worker, frames.frame(b"\x09\x00\x00\x00zebra"))  # a job cut short ends it
    assert worker.wait(5) == 0
    assert worker.stdout is not None and worker.stderr is not None
    assert b"zebra" not in reply + worker.stdout.read() + worker.stderr.read()


def test_ends_when_its_input_ends(worker: subprocess.Popen[bytes]) -> None:
    assert worker.stdin is not None
    worker.stdin.close()
    assert worker.wait(5) == 0


def test_polite_signals_are_for_the_parent_to_heed(worker: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        worker.send_signal(number)
    say(worker, frames.pack_texts(["MARK-1"]))
    assert frames.unpack_reply(hear(worker), [6])[1] == [((0, 6, "MARK", 0.9, "mark"),)]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_is_confined(worker: subprocess.Popen[bytes]) -> None:
    process = Path(f"/proc/{worker.pid}")
    limits = (process / "limits").read_text()
    (core,) = [line for line in limits.splitlines() if line.startswith("Max core file size")]
    assert core.split()[4:6] == ["0", "0"]
    assert (process / "oom_score_adj").read_text().strip() == "500"


def test_the_environment_of_the_proxy_stays_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPSTREAM_KEY", "made-up-value")
    assert "made-up-value" not in _environment().values()
    assert {"HOME", "UPSTREAM_KEY", "HTTPS_PROXY"}.isdisjoint(_environment())


def test_leaves_at_once_if_its_parent_is_already_gone() -> None:
    worker = start(parent=1)
    assert worker.wait(5) == 0
    worker.communicate()


@pytest.mark.parametrize("engine", ["broken", "missing_pipeline", "no_such_function"])
def test_says_why_it_cannot_start_without_details(engine: str) -> None:
    worker = start(engine)
    said = hear(worker)
    assert worker.wait(5) == 3
    out, err = worker.communicate()
    assert b"failed" in said
    assert b"secret detail" not in said + out + err


_PARENT = """
import asyncio, sys
from dlp_recognizers.pool import ScannerPool
from gateway.model import TextSpan
from gateway.settings import Dlp
async def main():
    pool = ScannerPool(Dlp(workers=2), engine=sys.argv[1])
    await pool.start()
    print(*pool.pids(), flush=True)
    await pool.scan([TextSpan("", "hang")], agent="a")
asyncio.run(main())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="PR_SET_PDEATHSIG")
def test_dies_with_the_proxy_even_in_the_middle_of_a_job() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT, f"{FAKES}:create"], stdout=subprocess.PIPE, env=_environment()
    )
    assert parent.stdout is not None
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    assert len(pids) == 2
    parent.kill()
    parent.communicate()
    ends = time.monotonic() + 5
    while any(_runs(pid) for pid in pids):
        assert time.monotonic() < ends, "a scan process outlived the proxy"
        time.sleep(0.02)


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@given(st.lists(st.text(st.characters(), max_size=20), max_size=6), st.data())
def test_frames_survive_every_chunking(texts: Sequence[str], data: st.DataObject) -> None:
    stream = frames.pack_texts(texts) + frames.pack_json({"a": 1})
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    reader = frames.FrameReader()
    got: list[bytes] = []
    for start_at, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        got.extend(reader.feed(stream[start_at:end]))
    assert frames.unpack_texts(got[0]) == list(texts)
    assert orjson.loads(got[1]) == {"a": 1}


@pytest.mark.parametrize(
    "reply",
    [
        b"", b"{}", b"[]", b"[1,[]]", b"[1,[[]],2]", b"[1,[7]]", b'["x",[[]]]', b"[1,[[[0,9,\"A\",1,\"r\"]]]]",
        b"[1,[[[2,2,\"A\",1,\"r\"]]]]", b"[1,[[[-1,2,\"A\",1,\"r\"]]]]", b"[1,[[[0,2,3,1,\"r\"]]]]", b"[1,[[[0,2]]]]",
        b"[1,[[[0,2,\"A\",\"1\",\"r\"]]]]", b"[1,[[[0.0,2,\"A\",1,\"r\"]]]]", b"\xff",
    ],
)  # fmt: skip
def test_a_reply_that_does_not_fit_the_job_is_refused(reply: bytes) -> None:
    with pytest.raises(frames.FrameError):
        frames.unpack_reply(reply, [5])


def test_an_oversized_frame_is_refused() -> None:
    with pytest.raises(frames.FrameError):
        list(frames.FrameReader(limit=10).feed(b"\x0b\x00\x00\x00"))


@pytest.mark.parametrize("body", [b"\x01\x00\x00\x00\xff", b"\x02\x00\x00\x00a", b"\x01\x00"])
def test_a_job_that_is_not_one_is_refused_without_its_text(body: bytes) -> None:
    with pytest.raises(frames.FrameError) as caught:
        frames.unpack_texts(body)
    assert caught.value.__cause__ is None and (caught.value.__suppress_context__ or caught.value.__context__ is None)
