"""Values leave files, and nothing else does."""

from __future__ import annotations

import base64
import io

import pytest
from PIL import Image, ImageChops

from dlp_recognizers.attachments.local import LocalOpener
from gateway.attached import Attachment, PartRole, Reading, Rewrite, Rewritten
from tests.support import files

MAIL = "maria.lindqvist@customer.example"


def attachment(content: bytes, media_type: str) -> Attachment:
    data = files.data_url(content, media_type)
    return Attachment("/x", media_type, len(data), "", data)


def opened(opener: LocalOpener, content: bytes, media_type: str) -> Reading:
    return opener.open_sync([attachment(content, media_type)]).readings[0]


def rewritten(opener: LocalOpener, wanted: Rewrite) -> Rewritten | None:
    done = opener.rewrite_sync([wanted])
    assert done.complete
    return done.attachments[0]


def content_of(done: Rewritten) -> bytes:
    assert isinstance(done.data, str)
    return base64.b64decode(done.data.partition(",")[2])


def said(reading: Reading) -> str:
    return "\n".join(part.text for part in reading.parts)


@pytest.mark.parametrize("form", ["txt", "csv", "utf-16", "latin-1", "json", "html", "svg", "markdown", "rtf"])
def test_a_text_changes_only_where_it_should(opener: LocalOpener, form: str) -> None:
    media_type, make = files.EVERY[form]
    content = make(MAIL)
    (source,) = (part.text for part in opened(opener, content, media_type).parts if part.role is PartRole.SOURCE)
    wanted = Rewrite(attachment(content, media_type), ("EMAIL_ADDRESS",), source=source.replace(MAIL, "[X]"))
    done = rewritten(opener, wanted)
    assert done is not None
    assert content_of(done) == make("[X]")
    assert MAIL not in said(done.reading) and "[X]" in said(done.reading)
    assert isinstance(done.data, str) and done.data.startswith(f"data:{media_type};base64,")


def ranges(reading: Reading, words: str) -> tuple[tuple[int, int], ...]:
    (text,) = (part.text for part in reading.parts if part.role is PartRole.PIXELS)
    at = text.index(words)
    return ((at, at + len(words)),)


@pytest.mark.parametrize("make", [files.png, files.jpeg])
def test_words_are_blacked_out_and_the_rest_stays(seeing: LocalOpener, make: object) -> None:
    content = make(f"Mail {MAIL} today")  # type: ignore[operator]
    media_type = "image/png" if make is files.png else "image/jpeg"
    wanted = Rewrite(
        attachment(content, media_type), ("EMAIL_ADDRESS",), pixels=ranges(opened(seeing, content, media_type), MAIL)
    )
    done = rewritten(seeing, wanted)
    assert done is not None
    assert MAIL not in said(done.reading)
    before, after = Image.open(io.BytesIO(content)), Image.open(io.BytesIO(content_of(done)))
    assert (before.size, before.format) == (after.size, after.format)
    changed = (
        ImageChops.difference(before.convert("L"), after.convert("L")).point(lambda level: 255 * (level > 60)).getbbox()
    )
    assert changed is not None
    assert after.convert("L").crop(changed).getextrema()[1] < 60, "one black bar, and nothing else has changed"
    assert 60 < changed[0] < 90 and changed[2] > 400


def test_metadata_goes_with_the_new_encoding(seeing: LocalOpener) -> None:
    content = files.png("nothing here", meta=MAIL, compressed=MAIL)
    done = rewritten(seeing, Rewrite(attachment(content, "image/png"), ("EMAIL_ADDRESS",)))
    assert done is not None
    assert MAIL not in said(done.reading) and MAIL.encode() not in content_of(done)


def test_a_range_without_words_cannot_be_blacked_out(seeing: LocalOpener) -> None:
    content = files.png("nothing here")
    assert rewritten(seeing, Rewrite(attachment(content, "image/png"), (), pixels=((500, 510),))) is None


@pytest.mark.parametrize("content", [files.pdf(MAIL), files.word(MAIL), b"\0\1\2"])
def test_other_formats_are_not_rewritten(opener: LocalOpener, content: bytes) -> None:
    for wanted in (
        Rewrite(attachment(content, "application/pdf"), (), source="clean"),
        Rewrite(attachment(content, "application/pdf"), ()),
    ):
        assert rewritten(opener, wanted) is None
