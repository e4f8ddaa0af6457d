"""A value anywhere in a file of any format is among the texts that are scanned."""

from __future__ import annotations

import base64
import io

import pytest
from PIL import Image

from dlp_recognizers.attachments.local import LocalOpener
from gateway.attached import Attachment, PartRole, Reading
from tests.support import files

MAIL = "maria.lindqvist@customer.example"
PICTURES = {"png text chunk", "png compressed chunk", "jpeg exif"}

WITH_PREVIEW = ("docx", "eml attached")
"""Files with a preview of the page that is large enough to be read."""


def opened(opener: LocalOpener, content: bytes, media_type: str = "", name: str = "") -> Reading:
    data = base64.b64encode(content).decode()
    result = opener.open_sync([Attachment("/x", media_type or "application/octet-stream", len(data), name, data)])
    assert (result.complete, result.reason) == (True, "")
    return result.readings[0]


def texts(reading: Reading) -> str:
    return "\n".join(part.text for part in reading.parts)


@pytest.mark.parametrize("form", files.EVERY)
def test_the_value_is_found(opener: LocalOpener, form: str) -> None:
    media_type, make = files.EVERY[form]
    reading = opened(opener, make(MAIL), media_type)
    assert MAIL in texts(reading)
    pictured = form in PICTURES or any(word in form for word in WITH_PREVIEW)
    assert reading.unknown == (("image",) if pictured else ())


@pytest.mark.parametrize("form", ["txt", "csv", "html", "svg", "eml", "rtf", "json"])
def test_text_formats_can_be_written_back(opener: LocalOpener, form: str) -> None:
    media_type, make = files.EVERY[form]
    content = make(MAIL)
    sources = [part.text for part in opened(opener, content, media_type).parts if part.role is PartRole.SOURCE]
    assert sources == [content.decode()]


def test_rows_of_a_sheet_stay_together(opener: LocalOpener) -> None:
    reading = opened(opener, files.workbook([["IBAN", "Born"], ["DE89 3704", 19781213]]))
    assert any("IBAN\tBorn\t\nDE89 3704\t19781213\t" in part.text for part in reading.parts)


def test_text_in_two_runs_is_one_word(opener: LocalOpener) -> None:
    assert f"Dear {MAIL}" in texts(opened(opener, files.word(MAIL)))


def test_a_data_url_within_a_page_is_opened_too(opener: LocalOpener) -> None:
    inner = files.data_url(files.png(meta=MAIL), "image/png")
    reading = opened(opener, f'<html><body><img src="{inner}"></body></html>'.encode(), "text/html")
    assert MAIL in texts(reading)
    assert reading.unknown == ("image",)


def test_pictures_in_a_notebook_are_opened(opener: LocalOpener) -> None:
    lines = base64.encodebytes(files.png(meta=MAIL)).decode().replace("\n", "\\n")
    book = f'{{"cells": [{{"outputs": [{{"data": {{"image/png": "{lines}"}}}}]}}]}}'
    reading = opened(opener, book.encode(), "", "x.ipynb")
    assert MAIL in texts(reading) and reading.unknown == ("image",)


def test_a_member_with_a_name_of_the_format_is_read(opener: LocalOpener) -> None:
    parts = {"[Content_Types].xml": b"<x/>", "word/document.xml": b"<a/>", "mimetype": MAIL.encode()}
    assert MAIL in texts(opened(opener, files.archive(parts)))


def test_words_in_a_picture_that_is_turned(seeing: LocalOpener) -> None:
    turned = Image.open(io.BytesIO(files.png(f"Mail {MAIL} today"))).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    target = io.BytesIO()
    turned.save(target, "JPEG", exif=exif.tobytes(), quality=95)
    assert MAIL in texts(opened(seeing, target.getvalue(), "image/jpeg"))


def test_a_part_in_a_rare_charset_is_decoded(opener: LocalOpener) -> None:
    head = "From: a@b.example\r\nTo: c@d.example\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset={}\r\n\r\n"
    text = MAIL.replace("@", "+AEA-")
    assert MAIL in texts(opened(opener, (head.format("utf-7") + text).encode(), "message/rfc822"))
    assert "charset" in opened(opener, (head.format("x-none") + text).encode(), "message/rfc822").unknown


def test_a_notebook_is_json(opener: LocalOpener) -> None:
    assert MAIL in texts(opened(opener, f'{{"cells": [{{"source": ["{MAIL}"]}}]}}'.encode(), "", "x.ipynb"))


@pytest.mark.parametrize("make", [files.png, files.jpeg])
def test_words_in_a_picture(seeing: LocalOpener, make: object) -> None:
    reading = opened(seeing, make(f"Mail {MAIL} today"))  # type: ignore[operator]
    assert reading.unknown == ()
    assert [part.role for part in reading.parts][-1:] == [PartRole.PIXELS]
    assert MAIL in reading.parts[-1].text


def test_words_in_a_picture_in_a_document(seeing: LocalOpener) -> None:
    reading = opened(seeing, files.pdf_with_picture(f"Mail {MAIL}"))
    assert MAIL in texts(reading).replace(" ", "") or "lindqvist" in texts(reading)
    assert reading.unknown == ()


def test_a_page_that_is_a_picture_is_unknown_without_ocr(opener: LocalOpener) -> None:
    assert opened(opener, files.pdf_with_picture(MAIL)).unknown == ("image",)


def test_nothing_of_one_document_is_in_the_process_for_the_next(opener: LocalOpener) -> None:
    opened(opener, b"a first document with " + MAIL.encode())
    assert MAIL not in texts(opened(opener, b"a second document"))
