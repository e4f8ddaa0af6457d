"""Files of keyed hashes: how they are written, and every way in which one can be refused.

Layout: magic, length of the header (4 bytes, little-endian), header (JSON), 32 bytes keyed BLAKE2b over all of that,
then the sections, each at a multiple of 64 bytes. The header names the key, the size of the file, a digest of the
sections, and where each begins. Nothing in the file is readable without the key but the header: names, counts, levels.
"""

from __future__ import annotations

import json
import mmap
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gateway.diagnostics import Diagnostic, DocumentError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAGIC: Final = b"LLMGWOWN"
VERSION: Final = 1
_MAC: Final = 32
_MOST_HEADER: Final = 1024 * 1024
_ALIGN: Final = 64
_CHUNK: Final = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class TableHeader:
    """What a file says of itself; nothing in here was believed before the key had proved it."""

    path: Path
    kind: str
    """`exact-match` or `fingerprints`."""
    key_id: str
    name: str
    facts: Mapping[str, Any]
    """What only this kind knows."""
    sections: Mapping[str, tuple[str, int, int]]
    """Name to element type, offset in bytes, number of elements."""
    size: int
    digest: str
    identity: str
    """Of the file's content: two files with the same identity are the same."""
    key: bytes = field(repr=False)


def write_table(path: Path, header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], key: bytes) -> int:
    """Write a table; returns its size. The file takes the place of an older one in one step, and only the owner and the
    group may read it. `header` has kind, key_id, name and facts. Raises OSError."""
    sections, offset = {}, 0
    for name, array in arrays.items():
        sections[name] = [array.dtype.str, offset, len(array)]
        offset += -(-array.nbytes // _ALIGN) * _ALIGN
    digest = blake2b(digest_size=32)
    for array in arrays.values():
        data = memoryview(array).cast("B") if array.nbytes else memoryview(b"")
        digest.update(data)
        digest.update(bytes(-len(data) % _ALIGN))
    head = {**header, "version": VERSION, "sections": sections, "body": offset, "digest": digest.hexdigest()}
    text = json.dumps(head, sort_keys=True).encode()
    start = MAGIC + len(text).to_bytes(4, "little") + text
    start += blake2b(start, key=key, digest_size=_MAC).digest()
    fresh = path.with_name(path.name + ".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o640), "wb") as file:
        file.write(start)
        file.write(bytes(-len(start) % _ALIGN))
        for array in arrays.values():
            if array.nbytes:
                file.write(memoryview(array).cast("B"))
                file.write(bytes(-array.nbytes % _ALIGN))
        file.flush()
        os.fsync(file.fileno())
        size = file.tell()
    fresh.replace(path)
    return size


def read_header(path: Path, kind: str, keys: Sequence[tuple[str, bytes]]) -> TableHeader:
    """The header of the table in `path`, proved by one of `keys` (id and key). Raises DocumentError: missing, no such
    file, another kind, another version, a key that is not there, changed, truncated."""
    try:
        with path.open("rb") as file:
            start = file.read(len(MAGIC) + 4)
            length = int.from_bytes(start[len(MAGIC) :], "little")
            if start[: len(MAGIC)] != MAGIC or not 2 <= length <= _MOST_HEADER:
                raise _fault(path, "this is no table of the gateway", f"build it: {_command(kind)}", "table-format")
            text, mac = file.read(length), file.read(_MAC)
            size = os.fstat(file.fileno()).st_size
    except FileNotFoundError:
        raise _fault(path, "the file does not exist", f"build it: {_command(kind)}", "file-missing") from None
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise _fault(path, f"the file cannot be read: {reason}", "correct its permissions", "file-access") from None
    if len(mac) < _MAC:
        raise _fault(path, "the file is truncated", "build or copy it again", "table-truncated")
    return _checked(path, kind, _Parts(start + text, text, mac, size), keys)


@dataclass(frozen=True, slots=True)
class _Parts:
    signed: bytes
    text: bytes
    mac: bytes
    size: int


def _checked(path: Path, kind: str, parts: _Parts, keys: Sequence[tuple[str, bytes]]) -> TableHeader:
    again = f"build it again: {_command(kind)}"
    try:
        head = json.loads(parts.text)
        version, key_id, own_kind = int(head["version"]), str(head["key_id"]), str(head["kind"])
    except (ValueError, KeyError, TypeError):
        raise _fault(path, "the header cannot be read", again, "table-format") from None
    if version != VERSION:
        raise _fault(path, f"the file has version {version}; this gateway reads {VERSION}", again, "table-version")
    if own_kind != kind:
        raise _fault(
            path, f"this is a table for {own_kind}", f"name one that is made by {_command(kind)}", "table-kind"
        )
    key = dict(keys).get(key_id)
    if key is None:
        known = ", ".join(name for name, _ in keys)
        message = f"the file was made with key {key_id}, which the key file does not have (it has {known})"
        raise _fault(path, message, f"{again} with a key of the key file", "table-key")
    if blake2b(parts.signed, key=key, digest_size=_MAC).digest() != parts.mac:
        message = f"the file was made with another key than {key_id}, or was changed"
        raise _fault(path, message, again, "table-key")
    offset = -(-(len(parts.signed) + _MAC) // _ALIGN) * _ALIGN
    if parts.size != offset + head["body"]:
        message = f"the file has {parts.size} bytes and should have {offset + head['body']}"
        raise _fault(path, message, "build or copy it again", "table-truncated")
    sections = {name: (dtype, at + offset, count) for name, (dtype, at, count) in head["sections"].items()}
    identity = blake2b(parts.signed + parts.mac, digest_size=16).hexdigest()
    return TableHeader(
        path, kind, key_id, head["name"], head["facts"], sections, parts.size, head["digest"], identity, key
    )


def verify_body(header: TableHeader) -> None:
    """Read the whole file once and compare its digest. Raises DocumentError."""
    offset = min((at for _, at, _ in header.sections.values()), default=header.size)
    digest = blake2b(digest_size=32)
    try:
        with header.path.open("rb") as file:
            file.seek(offset)
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise _fault(header.path, f"the file cannot be read: {reason}", "copy it again", "file-access") from None
    if digest.hexdigest() != header.digest:
        raise _fault(header.path, "the file is damaged", "build or copy it again", "table-damaged")


def map_sections(header: TableHeader) -> dict[str, NDArray[Any]]:
    """The sections, mapped read-only: every process of the host shares one copy. Raises DocumentError."""
    import numpy as np

    try:
        with header.path.open("rb") as file:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError):
        raise _fault(header.path, "the file cannot be mapped", "copy it again", "file-access") from None
    if len(data) != header.size:
        raise _fault(header.path, "the file changed while it was loaded", "load it again", "table-changed")
    if hasattr(mmap, "MADV_RANDOM"):
        data.madvise(mmap.MADV_RANDOM)  # a look-up needs one page, not the sixteen around it
    return {
        name: np.frombuffer(data, dtype=np.dtype(dtype), count=count, offset=at)
        for name, (dtype, at, count) in header.sections.items()
    }


def _command(kind: str) -> str:
    return "llmgw match build" if kind == "exact-match" else "llmgw fingerprint build"


def _fault(path: Path, message: str, fix: str, code: str) -> DocumentError:
    return DocumentError([Diagnostic(str(path), 1, 1, message, fix, code)])


def hashes_of(values: Sequence[bytes], key: bytes) -> NDArray[np.uint64]:
    """64 bits of keyed BLAKE2b for each value."""
    import numpy as np

    data = b"".join([blake2b(value, key=key, digest_size=8).digest() for value in values])
    return np.frombuffer(data, dtype="<u8")
