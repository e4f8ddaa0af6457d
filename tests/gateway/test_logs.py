"""The log: one JSON object a line, no words of a client, of a library or of an exception."""

from __future__ import annotations

import asyncio
import io
import logging
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
import structlog

from gateway import logs

SECRET = "maria.huber" + "@example.net"


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What a debug-level log writes; the process's logging is put back afterwards."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level, sys.excepthook, threading.excepthook, sys.unraisablehook)
    shown, raising = warnings.showwarning, logging.raiseExceptions
    stream = io.StringIO()
    logs.configure("debug", stream=stream)
    yield stream
    root.handlers[:], root.level = before[0], before[1]
    sys.excepthook, threading.excepthook, sys.unraisablehook = before[2:]
    warnings.showwarning, logging.raiseExceptions = shown, raising
    structlog.reset_defaults()


def parsed(stream: io.StringIO) -> list[dict[str, object]]:
    return [orjson.loads(line) for line in stream.getvalue().splitlines()]


def boom() -> None:
    raise ValueError(SECRET)


@pytest.mark.parametrize(
    "hostile",
    [
        "a\nb",
        "a\r\nb",
        "\x1b[31mred",
        "a\u2028b",
        "a\u2029b",
        "a\x85b",
        '"}\n{"level":"x',
        "\u202eabc",
        "\ud800",
        "\x00",
    ],
)
@pytest.mark.parametrize("where", ["event", "key", "value", "nested"])
def test_one_event_is_one_line_whatever_is_in_it(lines: io.StringIO, hostile: str, where: str) -> None:
    log = structlog.get_logger("gateway.test")
    match where:
        case "event":
            log.info(hostile)
        case "key":
            log.info("x", **{hostile: 1})
        case "value":
            log.info("x", field=hostile)
        case _:
            log.info("x", field={"list": [hostile]})
    text = lines.getvalue()
    assert text.count("\n") == 1
    assert len(text.splitlines()) == 1
    assert not {"\x1b", "\u2028", "\u2029", "\u202e", "\x85", "\x00"} & set(text)
    assert set(parsed(lines)[0]) >= {"timestamp", "level", "event", "logger"}


def test_an_exception_is_type_and_frames(lines: io.StringIO) -> None:
    local = SECRET  # a local of a frame on the way
    try:
        boom()
    except ValueError as error:
        structlog.get_logger("gateway.test").exception("failed", step="scan")
        structlog.get_logger("gateway.test").error("again", exc_info=error)
        structlog.get_logger("gateway.test").error("as a value", error=error)
        logging.getLogger("gateway.test").exception("by logging")
    assert local not in lines.getvalue()
    assert "Traceback" not in lines.getvalue()
    first, second, third, fourth = parsed(lines)
    for line in (first, second, fourth):
        shown = line["exception"]
        assert isinstance(shown, dict)
        assert shown["type"] == "ValueError"
        assert str(shown["frames"][-1]).startswith("tests/gateway/test_logs.py:")
        assert str(shown["frames"][-1]).endswith(" in boom")
    assert third["error"] == "ValueError"


def test_causes_and_groups_are_named_by_type(lines: io.StringIO) -> None:
    try:
        try:
            boom()
        except ValueError as error:
            raise ExceptionGroup(SECRET, [KeyError(SECRET)]) from error
    except ExceptionGroup as group:
        described = logs.describe(group)
    assert (described["cause"], described["members"]) == ("ValueError", ["KeyError"])
    assert SECRET not in str(described)


@pytest.mark.parametrize(
    "name",
    [
        "mitmproxy.proxy.server",
        "mitmproxy",
        "presidio-analyzer",
        "presidio-anonymizer",
        "aiohttp.access",
        "asyncio",
        "x",
    ],
)
@pytest.mark.parametrize("level", [logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL])
def test_the_words_of_a_library_are_never_shown(lines: io.StringIO, name: str, level: int) -> None:
    logger = logging.getLogger(name)
    logger.disabled = False  # the scan engine, loaded by another test of this process, switches its libraries' off
    try:
        boom()
    except ValueError:
        logger.log(level, "text %s", SECRET, exc_info=True, stack_info=True)
    logger.log(level, SECRET, extra={"flow": SECRET})
    logger.log(level, "%d", SECRET)
    assert SECRET not in lines.getvalue()
    quiet = name != "x" and level < logging.ERROR
    assert [line["event"] for line in parsed(lines)] == ([] if quiet else ["library_message"] * 3)
    for line in parsed(lines):
        assert line["logger"] == name


def test_library_loggers_made_before_with_handlers_of_their_own_are_taken_over(lines: io.StringIO) -> None:
    other = io.StringIO()
    child = logging.getLogger("mitmproxy.made.before")
    child.addHandler(logging.StreamHandler(other))
    child.setLevel(logging.DEBUG)
    child.propagate = False
    logs.configure("debug", stream=lines)
    child.info(SECRET)
    child.error(SECRET)
    assert other.getvalue() == ""
    assert [line["event"] for line in parsed(lines)] == ["library_message"]


def test_the_level_holds_for_our_own(lines: io.StringIO) -> None:
    logs.configure("warning", stream=lines)
    structlog.get_logger("gateway.test").info("no")
    logging.getLogger("gateway.test").info("no")
    structlog.get_logger("gateway.test").warning("yes")
    assert [line["event"] for line in parsed(lines)] == ["yes"]


def test_values_are_bounded_and_objects_are_named_by_type(lines: io.StringIO) -> None:
    class Thing:
        def __repr__(self) -> str:
            return SECRET

    structlog.get_logger("gateway.test").info("x", long="a" * 5000, thing=Thing(), raw=SECRET.encode(), many=[Thing()])
    line = parsed(lines)[0]
    assert SECRET not in str(line)
    assert len(str(line["long"])) == logs.LONGEST_VALUE
    assert line["raw"] == "<bytes>"


def test_warnings_show_category_and_place_only(lines: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = logs._warned
        warnings.warn(SECRET, UserWarning, stacklevel=1)
    assert parsed(lines)[0]["event"] == "library_warning"
    assert SECRET not in lines.getvalue()


def test_errors_in_threads_and_loops_show_no_words(lines: io.StringIO) -> None:
    thread = threading.Thread(target=boom, name="t")
    thread.start()
    thread.join()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        logs.handle_loop_errors(loop)
        loop.call_soon(boom)
        await asyncio.sleep(0.01)

    asyncio.run(main())
    assert [line["event"] for line in parsed(lines)] == ["uncaught_in_thread", "uncaught_in_loop"]
    assert SECRET not in lines.getvalue()


def test_a_stream_that_is_closed_raises_nothing(lines: io.StringIO) -> None:
    stream = io.StringIO()
    logs.configure("info", stream=stream)
    stream.close()
    structlog.get_logger("gateway.test").info("x")


def test_console_format_is_one_line_too(lines: io.StringIO) -> None:
    logs.configure("info", "console", stream=lines)
    structlog.get_logger("gateway.test").info("hello", field="a\nb")
    assert len(lines.getvalue().splitlines()) == 1
    assert "hello" in lines.getvalue()


def test_a_process_that_dies_of_an_exception_says_no_words_of_it(repository: Path) -> None:
    program = (
        "from gateway import logs\nlogs.configure()\n"
        "class T:\n  def __del__(self): raise ValueError('s3' + 'cr3t')\nT()\n"
        "raise ValueError('s3' + 'cr3t')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "s3cr3t" not in done.stderr + done.stdout
    assert [orjson.loads(line)["event"] for line in done.stderr.splitlines()] == ["unraisable", "uncaught"]


def test_a_library_that_turns_levels_down_later_changes_nothing(lines: io.StringIO) -> None:
    logs.configure("warning", stream=lines)
    logging.getLogger().setLevel(logging.DEBUG)
    logging.getLogger("mitmproxy.proxy").setLevel(logging.DEBUG)
    logging.getLogger("mitmproxy.proxy").info(SECRET)
    structlog.get_logger("gateway.test").info("no")
    assert lines.getvalue() == ""
    logging.getLogger("mitmproxy.proxy").setLevel(logging.NOTSET)
