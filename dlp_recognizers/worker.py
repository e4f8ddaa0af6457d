"""A scan process: reads jobs from stdin, scans, writes what it found to stdout. Started by the pool, dies with it.

It never logs, and what it says of an exception is its type alone: its memory is full of client text.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import resource
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import orjson

from dlp_recognizers.frames import FrameError, FrameReader, UnitResult, pack_json, unpack_texts
from dlp_recognizers.hits import Hit, ScanIncomplete
from gateway.confine import confine
from gateway.errors import ConfigurationError

_OOM_SCORE: Final = "500"
"""A scan process goes before the proxy does: it is replaced, and its request refused."""


class Engine(Protocol):
    """What scans a text. Raises hits.ScanIncomplete if it could not look at all of it."""

    @property
    def version(self) -> str: ...
    def warm(self) -> None: ...
    def scan(self, text: str) -> Sequence[Hit]: ...


def load_engine(name: str, config: dict[str, Any]) -> Engine:
    """The engine that `module:function` makes from `config`, warmed up. Raises whatever it raises."""
    module, _, function = name.partition(":")
    engine: Engine = getattr(importlib.import_module(module), function)(config)
    engine.warm()
    return engine


def scan_text(engine: Engine, text: str) -> UnitResult:
    """The hits in `text`, or the reason why there is no trustworthy answer."""
    try:
        return tuple((hit.start, hit.end, hit.entity, hit.score, hit.recognizer) for hit in engine.scan(text))
    except ScanIncomplete:
        return "recognizer_failed"
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 -- whatever a recognizer raises makes the scan incomplete, which refuses
        return "error"


def main() -> None:
    """Serve jobs until stdin ends."""
    source, sink = _take_pipes()
    reader = FrameReader()
    frames = _frames(source, reader)
    first = next(frames, None)
    if first is None:
        return
    setup = orjson.loads(first)
    _confine(setup["parent"])
    try:
        engine = load_engine(setup["engine"], setup["config"])
        hello = {"version": engine.version}
    except ConfigurationError as error:
        _write(sink, pack_json({"failed": str(error)}))
        sys.exit(3)
    except Exception as error:  # noqa: BLE001 -- the pool reports it, by type
        _write(sink, pack_json({"failed": f"the scan engine could not be loaded ({type(error).__name__})"}))
        sys.exit(3)
    gc.collect()
    gc.freeze()
    memory = _Memory()
    _write(sink, pack_json({**hello, "rss": memory.resident()}))
    for body in frames:
        results = [scan_text(engine, text) for text in unpack_texts(body)]
        _write(sink, pack_json([memory.resident(), results]))


class _Memory:
    """Resident size of this process."""

    def __init__(self) -> None:
        self._page = resource.getpagesize()
        self._statm = os.open("/proc/self/statm", os.O_RDONLY) if Path("/proc/self/statm").exists() else -1

    def resident(self) -> int:
        """Bytes now; 0 where the system does not say."""
        return int(os.pread(self._statm, 128, 0).split()[1]) * self._page if self._statm >= 0 else 0


def _take_pipes() -> tuple[int, int]:
    """Keep the two pipes for frames alone: what a library prints must not land among them."""
    source, sink = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.close(null)
    return source, sink


def _frames(source: int, reader: FrameReader) -> Iterator[bytes]:
    while data := os.read(source, 262_144):
        yield from reader.feed(data)


def _write(sink: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(sink, view) :]


def _confine(parent: int) -> None:
    """Die with the parent, leave no core, and let the parent alone decide when to stop."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if sys.platform.startswith("linux"):
        # Before `confine`: what is not dumpable no longer owns its files in /proc.
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE)
    confine(signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(0)


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError, FrameError):
        main()
