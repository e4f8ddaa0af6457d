"""The text of XML: streaming, without DTDs, so that nothing can be expanded and nothing is fetched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final
from xml.parsers import expat

from dlp_recognizers.attachments.budget import Unreadable

_DEPTH: Final = 512
_CHUNK: Final = 65_536


class XmlText:
    """Collects the character data of XML, with those attribute values that are `wanted` (local name, value) on lines of
    their own at the end.

    `breaks` maps local element names to what stands after them (and, for empty ones, in their place): elements that
    are not named do not separate, so a word cut into runs stays one word.
    """

    def __init__(
        self,
        breaks: Mapping[str, str],
        *,
        every: str = "",
        wanted: Callable[[str, str], bool] | None = None,
        on_element: Callable[[str, Mapping[str, str]], None] | None = None,
    ) -> None:
        self._breaks = breaks
        self._every = every
        self._wanted = wanted
        self._on_element = on_element
        self._depth = 0
        self._out: list[str] = []
        self._values: dict[str, None] = {}
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._out.append
        self._parser.CommentHandler = self._comment
        self._parser.ProcessingInstructionHandler = self._instruction
        self._parser.StartDoctypeDeclHandler = _refuse_doctype
        self._parser.EntityDeclHandler = _refuse_doctype

    def feed(self, data: bytes) -> None:
        """Take the next bytes. Raises Unreadable: `dtd`, `damaged`, `depth`."""
        try:
            self._parser.Parse(data, False)
        except expat.ExpatError:
            raise Unreadable("damaged") from None

    def close(self) -> str:
        """The text. Raises Unreadable: `damaged` when the document is not at its end."""
        try:
            self._parser.Parse(b"", True)
        except expat.ExpatError:
            raise Unreadable("damaged") from None
        # Lines that are only there to make the XML pretty.
        text = "\n".join(line for line in "".join(self._out).split("\n") if line and not line.isspace())
        values = "\n".join(self._values)
        return f"{text}\n{values}" if values else text

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEPTH:
            raise Unreadable("depth")
        if self._wanted is not None:
            for key, value in attributes.items():
                if len(value) > 2 and self._wanted(_local(key), value):
                    self._values.setdefault(value)
        if self._on_element is not None:
            self._on_element(_local(name), attributes)

    def _end(self, name: str) -> None:
        self._depth -= 1
        mark = self._breaks.get(_local(name), self._every)
        if mark:
            self._out.append(mark)

    def _comment(self, text: str) -> None:
        self._values.setdefault(text)

    def _instruction(self, target: str, data: str) -> None:
        self._values.setdefault(f"{target} {data}")


def _refuse_doctype(*_arguments: object) -> None:
    raise Unreadable("dtd")


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def xml_text(data: bytes, breaks: Mapping[str, str], *, every: str = "") -> str:
    """The text of one document in memory, with every attribute. Raises Unreadable."""
    reader = XmlText(breaks, every=every, wanted=lambda _name, _value: True)
    for at in range(0, len(data), _CHUNK):
        reader.feed(data[at : at + _CHUNK])
    return reader.close()
