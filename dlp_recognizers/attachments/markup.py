"""HTML, XML, SVG and RTF: the file as it stands, and what is left when the markup is gone."""

from __future__ import annotations

import base64
import binascii
import re
from html.parser import HTMLParser
from typing import Final
from urllib.parse import unquote_to_bytes

from dlp_recognizers.attachments.budget import Unreadable
from dlp_recognizers.attachments.reader import Document
from dlp_recognizers.attachments.xml_text import xml_text

_INLINE: Final = frozenset(
    (
        "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "em", "font", "i", "ins", "kbd", "mark",
        "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
    )
)  # fmt: skip
_DATA_URL: Final = re.compile(r"data:([\w.+/-]{0,100})((?:;[\w=.-]{1,60}){0,4}),", re.IGNORECASE)
_EMBEDDED: Final = re.compile(r"data:[\w.+/-]{0,100}(?:;[\w=.-]{1,60}){0,4};base64,[A-Za-z0-9+/_=%-]+", re.IGNORECASE)
_NOTEBOOK: Final = re.compile(r'"(?:image/[a-z.+-]{1,30}|application/pdf)"\s{0,20}:\s{0,20}"([A-Za-z0-9+/=\\n]{40,})"')
"""Output of a notebook's cell: base64 in JSON, with its line ends escaped."""
_LEAST_EMBEDDED: Final = 40


def read_html(document: Document, text: str) -> None:
    """The file, and its text without markup; attributes and comments on lines of their own."""
    document.source(text)
    parser = _Html()
    parser.feed(text)
    parser.close()
    document.view(parser.text())
    read_data_urls(document, text)


def read_xml(document: Document, text: str) -> None:
    """The file, and its text without markup. Raises Unreadable for a DTD and for what is not well formed."""
    document.source(text)
    document.view(xml_text(_declared_utf8(text), {}, every="\n"))
    read_data_urls(document, text)


def read_data_urls(document: Document, text: str) -> None:
    """Open the files that a text carries as data URLs."""
    if "base64," not in text:
        return
    for match in _EMBEDDED.finditer(text):
        content = data_url_content(match[0])
        if content is None:
            document.unknown("encoding")
        elif len(content) >= _LEAST_EMBEDDED:
            document.nested(content, "", document.depth + 1)


def read_notebook_outputs(document: Document, text: str) -> None:
    """Open the pictures that a Jupyter notebook carries."""
    if '"cells"' not in text:
        return
    for match in _NOTEBOOK.finditer(text):
        content = base64_content(match[1].replace("\\n", ""))
        if content is None:
            document.unknown("encoding")
        else:
            document.nested(content, "", document.depth + 1)


def data_url_content(url: str) -> bytes | None:
    """What a data URL holds (RFC 2397); None if it is not one."""
    head = _DATA_URL.match(url)
    if head is None:
        return None
    rest = url[head.end() :]
    if not head[2].lower().endswith(";base64"):
        return unquote_to_bytes(rest)
    return base64_content(rest)


def base64_content(text: str) -> bytes | None:
    """What base64 (RFC 4648, either alphabet, padding or not, white space and URL escapes allowed) holds, or None."""
    if "%" in text:
        text = unquote_to_bytes(text).decode("latin-1")
    bare = "".join(text.split()).rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def _declared_utf8(text: str) -> bytes:
    # The text is decoded already: what the declaration says of its encoding no longer holds.
    body = re.sub(r"^\s*<\?xml[^>]{0,200}\?>", "", text.lstrip("\ufeff"), count=1)
    return body.encode("utf-8", "replace")


class _Html(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._out: list[str] = []
        self._aside: list[str] = []

    def text(self) -> str:
        return "".join(self._out) + "\n" + "\n".join(self._aside)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._separate(tag)
        self._aside.extend(value for _, value in attrs if value and len(value) > 2 and not value.startswith("data:"))

    def handle_endtag(self, tag: str) -> None:
        self._separate(tag)

    def handle_data(self, data: str) -> None:
        self._out.append(data)

    def handle_comment(self, data: str) -> None:
        self._aside.append(data)

    def handle_decl(self, decl: str) -> None:
        self._aside.append(decl)

    def handle_pi(self, data: str) -> None:
        self._aside.append(data)

    def unknown_decl(self, data: str) -> None:
        self._aside.append(data)

    def _separate(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._out.append("\t")
        elif tag not in _INLINE:
            self._out.append("\n")


_RTF: Final = re.compile(
    r"\\'([0-9a-fA-F]{2})|\\u(-?[0-9]{1,6})\??|\\([a-zA-Z]{1,32})(-?[0-9]{1,10})? ?"
    r"|\\([^a-zA-Z])|([{}])|[\r\n]+|([^\\{}\r\n]+)"
)
_RTF_BREAKS: Final = {"par": "\n", "line": "\n", "row": "\n", "page": "\n", "sect": "\n", "cell": "\t", "tab": "\t"}
_RTF_EMBEDDED: Final = frozenset(("pict", "object", "objdata", "bin", "shppict"))


def read_rtf(document: Document, text: str) -> None:
    """The text of RTF 1.9, groups of every destination included; embedded objects and pictures are not read."""
    out: list[str] = []
    embedded = False
    for match in _RTF.finditer(text):
        code, point, word, _, symbol, _, plain = match.groups()
        if plain:
            out.append(plain)
        elif code:
            out.append(bytes.fromhex(code).decode("cp1252", "replace"))
        elif point:
            out.append(chr(int(point) % 65_536) if not 0xD800 <= int(point) % 65_536 < 0xE000 else "\ufffd")
        elif word:
            out.append(_RTF_BREAKS.get(word, ""))
            embedded |= word in _RTF_EMBEDDED
        elif symbol in ("~", "_"):
            out.append("\xa0" if symbol == "~" else "-")
        elif symbol and symbol in "\\{}":
            out.append(symbol)
    document.view("".join(out))
    if embedded:
        document.unknown("active")
    if not text.rstrip().rstrip("\0").endswith("}"):
        raise Unreadable("damaged")
