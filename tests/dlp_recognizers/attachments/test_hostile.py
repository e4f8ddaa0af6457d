"""Bombs, damaged, mislabelled and encrypted files: unknown content, in bounded time and memory, and never "clean"."""

from __future__ import annotations

import base64
import gzip
import io
import os
import resource
import struct
import time
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from PIL import Image

from dlp_recognizers.attachments.budget import REASONS, Bounds
from dlp_recognizers.attachments.local import LocalOpener
from dlp_recognizers.attachments.setup import Opening
from gateway.attached import Attachment, Reading
from tests.support import files

MAIL = "maria.lindqvist@customer.example"
SECONDS = 8.0
"""Nothing here may take longer, on a busy machine too."""
CHILD_BYTES = 900 * 1024 * 1024


def opened(opener: LocalOpener, content: bytes, media_type: str = "", name: str = "") -> Reading:
    data = base64.b64encode(content).decode()
    begin = time.monotonic()
    result = opener.open_sync([Attachment("/x", media_type or "application/octet-stream", len(data), name, data)])
    assert time.monotonic() - begin < SECONDS
    assert (result.complete, result.reason) == (True, "")
    reading = result.readings[0]
    assert REASONS.issuperset(reading.unknown)
    return reading


def zeros(size: int) -> bytes:
    """A ZIP file with one member of `size` zeros, made without ever holding them."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file,
        file.open("zeros.txt", "w", force_zip64=True) as out,
    ):
        block = bytes(1024 * 1024)
        for _ in range(size // len(block)):
            out.write(block)
    return target.getvalue()


def quine_like(levels: int, width: int) -> bytes:
    """42.zip's way: archives of archives of archives, all alike."""
    content = zeros(8 * 1024 * 1024)
    for _ in range(levels):
        content = files.archive({f"lib {n}.zip": content for n in range(width)})
    return content


def test_a_zip_bomb_of_a_gigabyte(opener: LocalOpener) -> None:
    assert opened(opener, zeros(1024 * 1024 * 1024), "application/zip").unknown == ("bytes",)


def test_a_gzip_bomb(opener: LocalOpener) -> None:
    packer = zlib.compressobj(1, wbits=31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(256)) + packer.flush()
    assert opened(opener, bomb).unknown == ("bytes",)


def test_a_bomb_within_the_bound_on_bytes(opener: LocalOpener) -> None:
    assert opened(opener, gzip.compress(bytes(32 * 1024 * 1024))).unknown == ("ratio",)


def test_archives_of_archives(opener: LocalOpener) -> None:
    assert set(opened(opener, quine_like(3, 12)).unknown) & {"depth", "bytes", "ratio", "members"}


def test_overlapping_members_are_no_plain_archive(opener: LocalOpener) -> None:
    """Fifield's bomb: a directory whose entries share one member's data."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.txt", b"0" * 1_000_000)
        first = file.infolist()[0]
        for number in range(50):
            copy = zipfile.ZipInfo("a.txt")
            for name in ("header_offset", "CRC", "compress_size", "file_size", "flag_bits", "compress_type"):
                setattr(copy, name, getattr(first, name))
            file.filelist.append(copy)
            file.NameToInfo[f"a{number}"] = copy
    reading = opened(opener, target.getvalue())
    assert set(reading.unknown) & {"polyglot", "damaged"}


def test_many_members(opener: LocalOpener) -> None:
    assert "members" in opened(opener, files.archive({f"{n}.txt": b"x" for n in range(1_500)})).unknown


def test_a_pdf_of_2000_pages(opener: LocalOpener) -> None:
    content = files.pdf(*(["a line of text that says little\n" * 30] * 2_000))
    reading = opened(opener, content, "application/pdf")
    assert reading.unknown == ("pages",)
    assert sum(len(part.text) for part in reading.parts) > 100_000, "what was read up to the bound is scanned"


LAUGHS = (
    "<!DOCTYPE a [<!ENTITY a0 'lol'>" + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12)) + "]>"
)


@pytest.mark.parametrize(
    "content",
    [
        f"<?xml version='1.0'?>{LAUGHS}<a>&a11;</a>".encode(),
        b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
        files.archive({"[Content_Types].xml": b"<x/>", "word/document.xml": f"{LAUGHS}<a>&a11;</a>".encode()}),
    ],
)
def test_xml_that_defines_entities(opener: LocalOpener, content: bytes) -> None:
    reading = opened(opener, content)
    assert reading.unknown == ("dtd",)
    assert "root:" not in "".join(part.text for part in reading.parts)


def test_xml_that_nests_for_ever(opener: LocalOpener) -> None:
    assert opened(opener, b"<a>" * 200_000).unknown == ("depth",)


def test_an_image_of_two_gigapixels(opener: LocalOpener) -> None:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", 50_000, 40_000, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(10_000_000), 9)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    assert opened(opener, bomb, "image/png").unknown == ("pixels",)


def test_a_compressed_text_chunk_that_unpacks_to_much(opener: LocalOpener) -> None:
    assert opened(opener, files.png(compressed="x" * 60_000_000), "image/png").unknown == ("damaged",)


def animated() -> bytes:
    target = io.BytesIO()
    files.picture().save(target, "GIF", save_all=True, append_images=[files.picture(MAIL)])
    return target.getvalue()


BROKEN: dict[str, tuple[Callable[[], bytes], str, str, str]] = {
    "pdf cut": (lambda: files.pdf(MAIL)[:700], "application/pdf", "", "polyglot"),
    "png cut": (lambda: files.png(MAIL)[:-200], "image/png", "", "damaged"),
    "jpeg cut": (lambda: files.jpeg(MAIL)[:-900], "image/jpeg", "", "damaged"),
    "docx cut": (lambda: files.word(MAIL)[:-300], "", "", "damaged"),
    "gzip cut": (lambda: gzip.compress(MAIL.encode() * 99)[:-9], "", "", "damaged"),
    "xml cut": (lambda: b"<a><b>x</b>", "application/xml", "", "damaged"),
    "pdf encrypted": (lambda: files.pdf(MAIL, password="x"), "application/pdf", "", "encrypted"),
    "zip encrypted": (lambda: _locked(files.archive({"a.txt": MAIL.encode()})), "", "", "encrypted"),
    "pdf said to be a picture": (lambda: files.pdf("x"), "image/png", "", "mislabelled"),
    "picture said to be a pdf": (files.png, "application/pdf", "", "mislabelled"),
    "zip named as a text": (lambda: files.archive({"a": b"x"}), "", "a.txt", "mislabelled"),
    "docx named as a workbook": (lambda: files.word("x"), "", "a.xlsx", "mislabelled"),
    "zip behind a picture": (lambda: files.png() + files.archive({"a": b"x"}), "image/png", "", "polyglot"),
    "zip behind a text": (lambda: b"hello\n" + files.archive({"a": b"x"}), "text/plain", "", "unsupported"),
    "page in a picture": (lambda: files.png() + b"<html><script>x</script>", "image/png", "", "polyglot"),
    "text behind a picture": (lambda: files.jpeg() + MAIL.encode(), "image/jpeg", "", "polyglot"),
    "pdf behind a text": (lambda: b"% hi\n" + files.pdf("x"), "", "", "polyglot"),
    "text behind a pdf": (lambda: files.pdf("x") + MAIL.encode(), "", "", "polyglot"),
    "gap in a zip": (lambda: _gap(files.archive({"a.txt": b"x"}), MAIL.encode()), "", "", "polyglot"),
    "text behind a tar": (lambda: files.tar("a.txt", b"x") + MAIL.encode() * 20, "", "", "polyglot"),
    "gap behind a directory": (lambda: _behind(files.archive({"a.txt": b"x"}), MAIL.encode()), "", "", "damaged"),
    "stamp on a page": (lambda: _stamped(files.pdf_with_note(MAIL)), "application/pdf", "", "active"),
    "old word": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "application/msword", "", "legacy"),
    "sound": (lambda: b"RIFF\x24\0\0\0WAVEfmt " + bytes(400), "audio/wav", "", "media"),
    "film": (lambda: b"\0\0\0\x18ftypmp42" + bytes(400), "video/mp4", "", "media"),
    "macros": (
        lambda: files.archive(
            {"[Content_Types].xml": b"<x/>", "word/document.xml": b"<a/>", "word/vbaProject.bin": b"x"}
        ),
        "",
        "",
        "active",
    ),
    "animation": (animated, "image/gif", "", "frames"),
    "noise": (lambda: os.urandom(5_000), "", "", "unsupported"),
    "japanese in shifts": (lambda: b"\x1b$B$3$s$K$A\x1b(B" * 20, "text/plain", "", "unsupported"),
}


def _locked(content: bytes) -> bytes:
    """The encryption bit set in both headers: nobody gets further than that."""
    data = bytearray(content)
    data[6] |= 1
    data[data.rfind(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def _gap(content: bytes, filling: bytes) -> bytes:
    """Bytes between the members and the directory."""
    at, end = content.rfind(b"PK\x01\x02"), content.rfind(b"PK\x05\x06")
    offset = struct.unpack_from("<I", content, end + 16)[0] + len(filling)
    tail = bytearray(content[at:])
    struct.pack_into("<I", tail, end - at + 16, offset)
    return content[:at] + filling + bytes(tail)


def _behind(content: bytes, filling: bytes) -> bytes:
    """Bytes between the directory and its end record."""
    end = content.rfind(b"PK\x05\x06")
    size = struct.unpack_from("<I", content, end + 12)[0]
    assert content[end - size : end - size + 4] == b"PK\x01\x02"
    return content[:end] + filling + content[end:]


def _stamped(content: bytes) -> bytes:
    assert b"/Subtype /Text" in content
    return content.replace(b"/Subtype /Text", b"/Subtype /Stamp")


@pytest.mark.parametrize("case", BROKEN)
def test_what_cannot_be_read_is_unknown(opener: LocalOpener, case: str) -> None:
    make, media_type, name, reason = BROKEN[case]
    assert reason in opened(opener, make(), media_type, name).unknown


@pytest.mark.parametrize("data", ["!!! no base64 !!!", "data:image/png;base64,%%%", "QUJD=QUJD", "data:nothing"])
def test_what_is_no_content_is_unknown(opener: LocalOpener, data: str) -> None:
    result = opener.open_sync([Attachment("/x", "image/png", len(data), "", data)])
    assert result.readings[0].unknown == ("encoding",)


def test_a_reference_is_unknown(opener: LocalOpener) -> None:
    assert opener.open_sync([Attachment("/x", "image/*", 0)]).readings[0].unknown == ("reference",)


def test_a_text_over_the_bound_is_cut_and_cannot_be_written_back() -> None:
    bounds = replace(Bounds(), characters=5_000)
    with LocalOpener(Opening(bounds)) as small:
        reading = opened(small, b"word " * 2_000, "text/plain")
    assert reading.unknown == ("characters",)
    assert [(part.role, len(part.text)) for part in reading.parts] == [("view", 5_000)]


def test_out_of_time() -> None:
    bounds = replace(Bounds(), seconds=0.15)
    with LocalOpener(Opening(bounds)) as hasty:
        content = files.pdf(*(["a line of text\n" * 50] * 600))
        assert opened(hasty, content, "application/pdf").unknown == ("time",)
        assert opened(hasty, b"the next one is read", "text/plain").unknown == ()


def test_out_of_memory() -> None:
    bounds = replace(Bounds(), memory_bytes=64 * 1024 * 1024)
    target = io.BytesIO()
    Image.new("RGB", (6_000, 6_000)).save(target, "PNG")
    with LocalOpener(Opening(bounds)) as poor:
        assert set(opened(poor, target.getvalue(), "image/png").unknown) <= {"memory", "died"}
        assert opened(poor, b"the next one is read", "text/plain").unknown == ()


def test_memory_of_all_that_is_bounded() -> None:
    """The largest of all children so far: of every opener that this test run has waited for."""
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 < CHILD_BYTES
