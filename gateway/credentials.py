"""Values of upstream credentials, read late and re-read when their file changes. Never part of a policy or a repr."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from gateway.errors import Refusal, Refused

_BOUND: Final = 16_384
_MINIMUM: Final = 8


class CredentialStore:
    """Resolves `file:PATH` and `env:NAME`."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[tuple[int, int, int], str]] = {}

    def __repr__(self) -> str:
        return f"CredentialStore({len(self._files)} files)"

    def __call__(self, source: str) -> str:
        """The credential's value, without surrounding white space.

        Raises Refused (`llmgw_credential_missing`) when it is absent, empty, longer than 16 KiB or not a header value.
        """
        kind, _, name = source.partition(":")
        try:
            value = self._file(name) if kind == "file" else os.environ[name] if kind == "env" else ""
        except (OSError, KeyError, UnicodeDecodeError):
            value = ""
        if not _MINIMUM <= len(value) <= _BOUND or not value.isascii() or not value.isprintable():
            raise Refused(
                Refusal(
                    "llmgw_credential_missing",
                    502,
                    "The gateway has no usable credential for the model's server. Tell the gateway's operator to run "
                    "`llmgw doctor`.",
                )
            )
        return value

    def _file(self, name: str) -> str:
        path = Path(name)
        info = path.stat()
        if not stat.S_ISREG(info.st_mode) or info.st_size > _BOUND:
            return ""
        mark = (info.st_mtime_ns, info.st_size, info.st_ino)
        known = self._files.get(name)
        if known is not None and known[0] == mark:
            return known[1]
        value = path.read_text("ascii").strip()
        self._files[name] = (mark, value)
        return value
