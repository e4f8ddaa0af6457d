"""Reads documents from disk: one bounded read of a regular file, then strict YAML, then the model."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any, Final

from gateway.diagnostics import Diagnostic, DocumentError
from gateway.document_model import Document, SourceMap, validate_text
from gateway.settings import Settings
from gateway.settings_lint import lint_settings

__all__ = ["Diagnostic", "DocumentError", "load", "load_settings", "read_text", "resolve"]

MAX_BYTES: Final = 1024 * 1024


def read_text(path: Path, *, private: bool = False) -> str:
    """The text of a regular file, read once. Raises DocumentError: missing, unreadable, no regular file, larger than
    `MAX_BYTES`, not UTF-8; with `private` also when everybody may read it or a group may change it."""
    try:
        # O_NONBLOCK: opening a FIFO must not hang; whether it is a regular file is asked of what was opened.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise _unreadable(path, "the file does not exist", "create it, or correct the path", "file-missing") from None
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise _unreadable(
            path, f"the file cannot be opened: {reason}", "correct its permissions", "file-access"
        ) from None
    mode = os.fstat(handle).st_mode
    if not stat.S_ISREG(mode):
        os.close(handle)
        raise _unreadable(path, "this is not a regular file", "give the path of a regular file", "file-kind")
    with os.fdopen(handle, "rb") as file:
        if private and stat.S_IMODE(mode) & 0o027:
            raise _unreadable(path, "others may read or change this file", f"chmod 600 {path}", "file-mode")
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise _unreadable(path, f"the file is larger than {MAX_BYTES} bytes", "make it smaller", "file-size")
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        fault = Diagnostic(str(path), line, column, "the file is not UTF-8", "save it as UTF-8", "encoding")
        raise DocumentError([fault]) from None


def load[D: Document](path: Path, model: type[D], *, secret: bool = False) -> tuple[D, SourceMap]:
    """The document in `path` and where its values stand. Raises DocumentError.

    A `secret` document must be closed to others, and even its unknown keys stay out of messages.
    """
    return validate_text(read_text(path, private=secret), str(path), model, secret=secret)


def resolve(folder: Path, path: Path) -> Path:
    """`path` as seen from `folder`, absolute; symbolic links stay, because they may be switched later."""
    return Path(os.path.abspath(folder / path))  # noqa: PTH100 - resolve() would follow links


def load_settings(path: Path) -> Settings:
    """`gateway.yaml` with every path absolute, seen from the file's own folder.

    Raises DocumentError; a file that the settings name and that does not exist is a fault at the line that names it.
    """
    settings, source = load(path, Settings)
    files: list[_Named] = []
    resolved = _resolved(settings, path.parent, (), files)
    faults = lint_settings(settings, source)
    faults += [
        source.diagnostic(loc, f"file {written} does not exist", f"create {file} or correct the path", "file-missing")
        for loc, written, file in files
        if not _made_at_run_time(loc) and not file.is_file() and not (_may_be_folder(loc) and file.is_dir())
    ]
    if faults:
        raise DocumentError(faults)
    return resolved


type _Named = tuple[tuple[str | int, ...], Path, Path]
"""A path of a document: where it stands, as written, absolute."""


def _made_at_run_time(loc: tuple[str | int, ...]) -> bool:
    return loc in (("evidence", "outbox"), ("run", "state"))


def _may_be_folder(loc: tuple[str | int, ...]) -> bool:
    return loc[:2] == ("dlp", "recognizers")


def _resolved[T](value: T, folder: Path, loc: tuple[str | int, ...], files: list[_Named]) -> T:
    """A copy of `value` (a document, a path, a list of such, or anything else) with absolute paths; adds each path to
    `files`."""
    changed: Any = value
    if isinstance(value, Path):
        changed = resolve(folder, value)
        files.append((loc, value, changed))
    elif isinstance(value, tuple):
        changed = tuple(_resolved(each, folder, (*loc, index), files) for index, each in enumerate(value))
    elif isinstance(value, Document):
        fields = {
            name: _resolved(getattr(value, name), folder, (*loc, name), files) for name in type(value).model_fields
        }
        changed = value.model_copy(update=fields)
    return changed  # type: ignore[no-any-return]


def _unreadable(path: Path, message: str, fix: str, code: str) -> DocumentError:
    return DocumentError([Diagnostic(str(path), 1, 1, message, fix, code)])
