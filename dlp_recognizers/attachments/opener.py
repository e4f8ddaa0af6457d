"""The opener process: keeps one warm child waiting for each next document. It holds no document itself.

A child takes one document from the pipe, reads it under limits that the kernel keeps, writes what it found, and ends.
"""

from __future__ import annotations

import contextlib
import gc
import mmap
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Final

import orjson

from dlp_recognizers.attachments import contents, messages, rewriting
from dlp_recognizers.attachments.budget import Bounds
from dlp_recognizers.attachments.reading import read
from dlp_recognizers.pipes import take_pipes, write_all
from gateway.attached import Reading
from gateway.confine import confine

_WAITING, _TAKEN, _WRITING, _ENDED = range(4)
_NO_MEMORY: Final = 3
_TIME_SIGNALS: Final = frozenset((signal.SIGALRM, signal.SIGXCPU))
_NO_FILES: Final = 0
_NICE: Final = 5
"""Steps of priority below the proxy and the scan processes: a large file must not slow everybody's small requests."""
_OOM_SCORE: Final = "800"
"""A child goes before the scan processes do, and those before the proxy."""


def main() -> None:
    """Serve documents until stdin ends."""
    source, sink = take_pipes()
    setup = orjson.loads(_frame(source) or b"{}")
    if not setup:
        return
    _confine(setup["parent"])
    bounds = Bounds(**setup["bounds"])
    _warm()
    write_all(sink, messages.packed(orjson.dumps({"ready": True})))
    state = mmap.mmap(-1, 1)
    gc.collect()
    gc.freeze()
    while True:
        state[0] = _WAITING
        child = os.fork()
        if child == 0:
            _serve_one((source, sink), state, bounds, setup["ocr"])
        _, status = os.waitpid(child, 0)
        if status == 0 and state[0] == _ENDED:
            return
        if status == 0:
            continue
        if state[0] != _TAKEN:
            sys.exit(1)  # half a frame may have gone out: what follows could not be told apart
        write_all(sink, messages.pack_reading(Reading("", (_reason(status),))))


def _reason(status: int) -> str:
    if os.WIFSIGNALED(status):
        return "time" if os.WTERMSIG(status) in _TIME_SIGNALS else "died"
    return "memory" if os.WEXITSTATUS(status) == _NO_MEMORY else "died"


def _serve_one(pipes: tuple[int, int], state: mmap.mmap, bounds: Bounds, ocr: str) -> None:
    """The child's whole life."""
    code = 1
    try:
        confine(signal.SIGKILL)
        body = _frame(pipes[0])
        if body is None:
            state[0], code = _ENDED, 0
            return
        state[0] = _TAKEN
        _limit(bounds)
        reply = _answer(messages.unpack_task(body), bounds, ocr)
        signal.setitimer(signal.ITIMER_REAL, 0)
        state[0] = _WRITING
        write_all(pipes[1], reply)
        code = 0
    except MemoryError:
        code = _NO_MEMORY
    finally:
        os._exit(code)  # nothing of the parent's is flushed, closed or reported twice


def _answer(task: messages.Task, bounds: Bounds, ocr: str) -> bytes:
    content = contents.content_of(task.data) if isinstance(task.data, str) else task.data
    if content is None:
        return messages.pack_reading(Reading("", ("encoding",)))
    reading, words = read(content, task.media_type, task.name, bounds=bounds, ocr=ocr)
    if not task.change:
        return messages.pack_reading(reading)
    if task.source is not None:
        changed = rewriting.with_source(content, reading.content_type, task.source)
    else:
        changed = rewriting.without_words(content, reading.content_type, words, ranges=task.pixels, bounds=bounds)
    if changed is None:
        return messages.pack_reading(reading)
    data = contents.in_form_of(task.data, changed) if isinstance(task.data, str) else changed
    # Opened once more from the form it will be sent in: whatever was removed must not be found again.
    again = contents.content_of(data) if isinstance(data, str) else data
    reading, _ = read(again or b"", task.media_type, task.name, bounds=bounds, ocr=ocr)
    return messages.pack_reading(reading, data)


def _limit(bounds: Bounds) -> None:
    statm = Path("/proc/self/statm")
    if statm.exists():
        own = int(statm.read_text("ascii").split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (own + bounds.memory_bytes,) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (int(bounds.seconds) + 1,) * 2)
    resource.setrlimit(resource.RLIMIT_FSIZE, (_NO_FILES, _NO_FILES))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, bounds.seconds)


def _frame(source: int) -> bytes | None:
    """The next frame; None at the end of the pipe."""
    head = _exactly(source, messages.LENGTH.size)
    if len(head) < messages.LENGTH.size:
        return None
    (size,) = messages.LENGTH.unpack(head)
    if size > messages.MAX_FRAME:
        sys.exit(1)
    return _exactly(source, size)


def _exactly(source: int, size: int) -> bytes:
    data = bytearray()
    while len(data) < size and (chunk := os.read(source, min(1 << 20, size - len(data)))):
        data += chunk
    return bytes(data)


def _warm() -> None:
    """Load now what every child would have to load."""
    import encodings.cp1252
    import encodings.utf_16_le

    from PIL import Image

    from dlp_recognizers.attachments import pdf

    del encodings
    Image.init()
    pdf.warm()


def _confine(parent: int) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.nice(_NICE)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE)
    confine(signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(0)


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main()
