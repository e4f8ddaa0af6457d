"""Files of many formats, made on the spot, each with given words in it."""

from __future__ import annotations

import base64
import gzip
import io
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from typing import Any

import docx
import openpyxl
import pptx
from openpyxl.comments import Comment
from PIL import Image, ImageDraw, ImageFont, PngImagePlugin
from reportlab.lib import pdfencrypt
from reportlab.pdfgen import canvas


def saved(document: Any) -> bytes:
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def pdf(*pages: str, password: str = "", title: str = "") -> bytes:
    target = io.BytesIO()
    lock = pdfencrypt.StandardEncryption(password, canPrint=1) if password else None
    sheet = canvas.Canvas(target, encrypt=lock)
    if title:
        sheet.setTitle(title)
    for page in pages:
        text = sheet.beginText(50, 800)
        for line in page.splitlines():
            text.textLine(line)
        sheet.drawText(text)
        sheet.showPage()
    sheet.save()
    return target.getvalue()


def pdf_with_picture(words: str) -> bytes:
    from reportlab.lib.utils import ImageReader

    target = io.BytesIO()
    sheet = canvas.Canvas(target)
    sheet.drawImage(ImageReader(io.BytesIO(png(words))), 50, 500, 400, 50)
    sheet.showPage()
    sheet.save()
    return target.getvalue()


def pdf_with_note(text: str) -> bytes:
    target = io.BytesIO()
    sheet = canvas.Canvas(target, pageCompression=0)
    sheet.drawString(50, 800, "a page")
    sheet.textAnnotation(text, Rect=[50, 700, 70, 720])
    sheet.showPage()
    sheet.save()
    return target.getvalue()


def word(text: str) -> bytes:
    """The text in two runs of one paragraph, so that no tag-by-tag search finds it."""
    document = docx.Document()
    paragraph = document.add_paragraph("Dear ")
    middle = len(text) // 2
    paragraph.add_run(text[:middle]).bold = True
    paragraph.add_run(text[middle:])
    return saved(document)


def word_hidden(text: str, where: str) -> bytes:
    document = docx.Document()
    document.add_paragraph("nothing here")
    if where == "header":
        document.sections[0].header.paragraphs[0].text = text
    elif where == "properties":
        document.core_properties.comments = text
    elif where == "table":
        document.add_table(1, 1).cell(0, 0).text = text
    elif where == "comment":
        document.add_comment(document.paragraphs[0].runs, text=text)
    else:
        raise AssertionError(where)
    return saved(document)


def workbook(rows: list[list[Any]], *, hidden: str = "", comment: str = "", formula: str = "") -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    if hidden:
        second = book.create_sheet("second")
        second.sheet_state = "veryHidden"
        second["C7"] = hidden
    if comment:
        sheet["A1"].comment = Comment(comment, "somebody")
    if formula:
        sheet["D9"] = f'=CONCAT("{formula}")'
    return saved(book)


def slides(title: str, notes: str = "") -> bytes:
    show = pptx.Presentation()
    slide = show.slides.add_slide(show.slide_layouts[0])
    slide.shapes.title.text = title
    if notes:
        slide.notes_slide.notes_text_frame.text = notes
    return saved(show)


def archive(members: Mapping[str, bytes], *, comment: bytes = b"") -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
        file.comment = comment
    return target.getvalue()


def odt(text: str) -> bytes:
    content = (
        '<?xml version="1.0"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:text>'
        f"<text:p>Dear <text:span>{text[:4]}</text:span>{text[4:]}</text:p></office:text></office:body>"
        "</office:document-content>"
    )
    return archive({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": content.encode()})


def tar(name: str, content: bytes) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as file:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        file.addfile(info, io.BytesIO(content))
    return target.getvalue()


def mail(text: str, *, attached: bytes = b"", html: str = "") -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@b.example", "c@d.example", "Grüße"
    message.set_content(text, cte="base64")
    if html:
        message.add_alternative(html, subtype="html")
    if attached:
        message.add_attachment(attached, maintype="application", subtype="octet-stream", filename="x.bin")
    return message.as_bytes()


def plain_mail(text: str) -> bytes:
    return (
        f"From: Team <team@corp.example>\r\nTo: all@corp.example\r\nSubject: News\r\nMIME-Version: 1.0\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n"
    ).encode()


def picture(words: str = "", size: tuple[int, int] = (900, 100)) -> Image.Image:
    image = Image.new("RGB", size, "white")
    if words:
        ImageDraw.Draw(image).text((10, 30), words, fill="black", font=ImageFont.load_default(28))
    return image


def png(words: str = "", *, meta: str = "", compressed: str = "") -> bytes:
    info = PngImagePlugin.PngInfo()
    if meta:
        info.add_text("Comment", meta)
    if compressed:
        info.add_itxt("Description", compressed, zip=True)
    target = io.BytesIO()
    picture(words).save(target, "PNG", pnginfo=info)
    return target.getvalue()


def jpeg(words: str = "", *, artist: str = "") -> bytes:
    exif = Image.Exif()
    if artist:
        exif[0x013B] = artist
    target = io.BytesIO()
    picture(words).save(target, "JPEG", exif=exif.tobytes(), quality=95)
    return target.getvalue()


def data_url(content: bytes, media_type: str) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def rtf(text: str) -> bytes:
    return b"{\\rtf1\\ansi Hello \\b " + text.encode("ascii") + b"\\b0\\par}"


EVERY: Mapping[str, tuple[str, Callable[[str], bytes]]] = {
    "txt": ("text/plain", lambda text: f"Hello {text}".encode()),
    "utf-16": ("text/plain", lambda text: f"Grüße {text}".encode("utf-16")),
    "utf-16 without mark": ("text/plain", lambda text: f"Hello {text}".encode("utf-16-le")),
    "latin-1": ("text/plain", lambda text: f"Grüße {text}".encode("latin-1")),
    "csv": ("text/csv", lambda text: f"name;mail\nx;{text}\n".encode()),
    "json": ("application/json", lambda text: f'{{"mail": "{text}"}}'.encode()),
    "markdown": ("text/markdown", lambda text: f"# Hi\n\n*{text}*\n".encode()),
    "html": ("text/html", lambda text: f"<html><body><p>{text}</p></body></html>".encode()),
    "html split": ("text/html", lambda text: f"<p>{text[:5]}<b>{text[5:]}</b></p>".encode()),
    "html attribute": ("text/html", lambda text: f'<p><img src="x" alt="{text}"></p>'.encode()),
    "html comment": ("text/html", lambda text: f"<p>x</p><!-- {text} -->".encode()),
    "html script": ("text/html", lambda text: f"<p>x</p><script>var a='{text}'</script>".encode()),
    "html entities": ("text/html", lambda text: f"<p>{text.replace('@', '&#64;')}</p>".encode()),
    "xml": ("application/xml", lambda text: f"<a><b>{text}</b></a>".encode()),
    "svg": ("image/svg+xml", lambda text: f'<svg xmlns="x"><text>{text}</text></svg>'.encode()),
    "rtf": ("application/rtf", rtf),
    "eml": ("message/rfc822", mail),
    "eml html": ("message/rfc822", lambda text: mail("x", html=f"<p>{text}</p>")),
    "eml attached": ("message/rfc822", lambda text: mail("x", attached=word(text))),
    "pdf": ("application/pdf", lambda text: pdf("first", text)),
    "pdf title": ("application/pdf", lambda text: pdf("first", title=text)),
    "pdf note": ("application/pdf", pdf_with_note),
    "html that begins with text": ("text/html", lambda text: f"Hello {text[:5]}<b>{text[5:]}</b>".encode()),
    "docx": ("", word),
    "docx header": ("", lambda text: word_hidden(text, "header")),
    "docx table": ("", lambda text: word_hidden(text, "table")),
    "docx properties": ("", lambda text: word_hidden(text, "properties")),
    "docx comment": ("", lambda text: word_hidden(text, "comment")),
    "xlsx": ("", lambda text: workbook([["Name", "Mail"], ["x", text]])),
    "xlsx hidden sheet": ("", lambda text: workbook([["x"]], hidden=text)),
    "xlsx comment": ("", lambda text: workbook([["x"]], comment=text)),
    "xlsx formula": ("", lambda text: workbook([["x"]], formula=text)),
    "pptx": ("", slides),
    "pptx notes": ("", lambda text: slides("x", text)),
    "odt": ("", odt),
    "zip": ("application/zip", lambda text: archive({"a.txt": text.encode()})),
    "zip in zip": ("application/zip", lambda text: archive({"a.zip": archive({"b.txt": text.encode()})})),
    "zip of docx": ("application/zip", lambda text: archive({"a.docx": word(text)})),
    "zip name": ("application/zip", lambda text: archive({f"{text}.txt": b"x"})),
    "zip comment": ("application/zip", lambda text: archive({"a.txt": b"x"}, comment=text.encode())),
    "gzip": ("application/gzip", lambda text: gzip.compress(text.encode())),
    "tar": ("", lambda text: tar("a.txt", text.encode())),
    "png text chunk": ("image/png", lambda text: png(meta=text)),
    "png compressed chunk": ("image/png", lambda text: png(compressed=text)),
    "jpeg exif": ("image/jpeg", lambda text: jpeg(artist=text)),
}
"""Format to its media type ("" where many declare none) and what makes a file that holds a text."""
