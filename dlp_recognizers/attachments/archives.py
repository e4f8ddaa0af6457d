"""ZIP, GZIP and TAR: every member within bounds, nothing between the members."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import Final

from dlp_recognizers.attachments.budget import Budget, Unreadable
from dlp_recognizers.attachments.reader import Document

_CHUNK: Final = 65_536
_DESCRIPTOR: Final = 24
"""Bytes of the longest data descriptor after a member."""
_ENCRYPTED: Final = 0x1 | 0x40
_EXTRA: Final = 512
_ZIP64_RECORDS: Final = 76
_GZIP_HEADER: Final = 10
_GZIP_NAME: Final = 0x08
_GZIP_PLAIN: Final = 0x01 | _GZIP_NAME
_METHODS: Final = frozenset((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))


class Archive:
    """A ZIP file whose directory was checked: no encryption, no gaps, no more members than the bound."""

    def __init__(self, data: bytes, budget: Budget) -> None:
        self._budget = budget
        self._data = data
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, OSError, EOFError, NotImplementedError):
            raise Unreadable("damaged") from None
        self.members = [info for info in self._zip.infolist() if not info.is_dir()]
        self.names = frozenset(info.filename for info in self.members)

    @property
    def comments(self) -> str:
        """Names and comments, a line each."""
        infos = self._zip.infolist()
        lines = [self._zip.comment.decode("utf-8", "replace")]
        for info in infos:
            lines += [info.filename, info.comment.decode("utf-8", "replace")]
        return "\n".join(filter(None, lines))

    def gapless(self) -> bool:
        """Whether the members, one after the other, fill the file up to its directory, and nothing follows that."""
        infos = sorted(self._zip.infolist(), key=lambda info: info.header_offset)
        at = 0
        for info in infos:
            if not at <= info.header_offset <= at + _DESCRIPTOR:
                return False
            header = self._data[info.header_offset : info.header_offset + 30]
            if header[:4] != b"PK\x03\x04" or max(len(info.extra), int.from_bytes(header[28:30], "little")) > _EXTRA:
                return False
            names = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
            at = info.header_offset + 30 + names + info.compress_size
        end = self._data.rfind(b"PK\x05\x06")
        directory = self._zip.start_dir
        commented = end + 22 + len(self._zip.comment)
        after = directory + int.from_bytes(self._data[end + 12 : end + 16], "little")
        if not at <= directory <= at + _DESCRIPTOR or commented != len(self._data):
            return False
        return end - after in (0, _ZIP64_RECORDS)

    def chunks(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        """One member, unpacked piece by piece. Raises Unreadable."""
        bounds, got = self._budget.bounds, 0
        self._budget.member()
        if info.flag_bits & _ENCRYPTED:
            raise Unreadable("encrypted")
        if info.compress_type not in _METHODS:
            raise Unreadable("unsupported")
        try:
            with self._zip.open(info) as stream:
                while chunk := stream.read(_CHUNK):
                    got += len(chunk)
                    self._budget.unpack(len(chunk))
                    if got > bounds.ratio_from and got > bounds.ratio * max(1, info.compress_size):
                        raise Unreadable("ratio")
                    yield chunk
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError, NotImplementedError):
            raise Unreadable("damaged") from None

    def read(self, info: zipfile.ZipInfo) -> bytes:
        """One member. Raises Unreadable."""
        return b"".join(self.chunks(info))


def read_zip(document: Document, data: bytes) -> None:
    """Names and comments, and every member by what it is."""
    archive = Archive(data, document.budget)
    document.view(archive.comments)
    if not archive.gapless():
        document.unknown("polyglot")
    for info in archive.members:
        _nested(document, archive, info)


def _nested(document: Document, archive: Archive, info: zipfile.ZipInfo) -> None:
    try:
        content = archive.read(info)
    except Unreadable as error:
        document.unknown(error.reason)
        if error.reason in ("bytes", "members", "ratio"):
            raise
        return
    document.nested(content, info.filename, document.depth + 1)


def read_gzip(document: Document, data: bytes) -> None:
    """A GZIP file (RFC 1952): its file name, and what its members hold together."""
    flags = data[3] if len(data) > _GZIP_HEADER else 0
    if flags & ~_GZIP_PLAIN:
        document.unknown("polyglot")  # a comment or an extra field: bytes that unpacking skips
    elif flags & _GZIP_NAME:
        document.view(data[_GZIP_HEADER:].split(b"\0", 1)[0].decode("latin-1"))
    document.budget.member()
    content, whole = bytearray(), True
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            while chunk := stream.read(_CHUNK):
                content += chunk
                document.budget.unpack(len(chunk))
                if len(content) > max(document.budget.bounds.ratio_from, document.budget.bounds.ratio * len(data)):
                    raise Unreadable("ratio")
    except (OSError, EOFError, zlib.error):
        whole = False
    document.nested(bytes(content), "", document.depth + 1)
    if not whole:
        raise Unreadable("damaged")


def read_tar(document: Document, data: bytes) -> None:
    """Names, and every file of a TAR archive."""
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            for member in archive:
                document.budget.member()
                said = (member.name, member.uname, member.gname, member.linkname, *member.pax_headers.values())
                document.view("\n".join(filter(None, said)))
                stream = archive.extractfile(member) if member.isreg() else None
                if stream is not None:
                    document.budget.unpack(member.size)
                    document.nested(stream.read(), member.name, document.depth + 1)
            if data[archive.offset :].strip(b"\0"):
                document.unknown("polyglot")  # something after the end
    except (tarfile.TarError, EOFError, OSError, ValueError):
        raise Unreadable("damaged") from None
