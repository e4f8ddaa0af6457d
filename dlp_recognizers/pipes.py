"""The two pipes of a child process: for frames alone."""

from __future__ import annotations

import os


def take_pipes() -> tuple[int, int]:
    """Keep stdin and stdout for frames: what a library prints must not land among them."""
    source, sink = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.close(null)
    return source, sink


def write_all(sink: int, data: bytes) -> None:
    """Write `data` in full."""
    view = memoryview(data)
    while view:
        view = view[os.write(sink, view) :]
