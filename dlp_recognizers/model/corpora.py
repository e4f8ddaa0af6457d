"""Real running text of this machine's packages: what the model learns innocent words from. Nothing of it is committed.

Every source is optional. `docs/names-model.md` says which packages the committed model was trained with.
"""

from __future__ import annotations

import gettext
import html
import json
import random
import re
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt", "pl", "sv", "da", "cs", "fi", "nb", "ro", "tr", "hu")
_TAGS = re.compile(r"<(script|style|pre)\b.{0,20000}?</\1>|<[^>]{0,2000}>", re.DOTALL)
_SPACE = re.compile(r"\s+")
_BREAK = re.compile(r"\n\s*\n")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-ZÀ-Ü\"'(])")
_MOST_PER_FILE = 120
_LONGEST = 600


@dataclass(frozen=True, slots=True)
class Passage:
    """One paragraph or a few sentences."""

    text: str
    language: str
    kind: str
    """`prose` (written about the world), `docs` (about software), `code` (sources as they are)."""


def passages(rng: random.Random, *, texts: Path | None = None, limit: int = 400_000) -> list[Passage]:
    """What the sources hold, in an order that `rng` decides. `texts`: a folder of JSON lists of sentences."""
    found = [*_sentence_lists(texts), *_prose(), *_manuals(), *_translations(), *_packages(), *_code()]
    unique = list({passage.text: passage for passage in found}.values())
    unique.sort(key=lambda passage: passage.text)
    rng.shuffle(unique)
    return unique[:limit]


def _split(text: str, language: str, kind: str) -> Iterator[Passage]:
    count = 0
    for paragraph in _BREAK.split(text):
        plain = _SPACE.sub(" ", paragraph).strip()
        if len(plain) < 25 or sum(char.isalpha() for char in plain) < 0.6 * len(plain):
            continue
        sentences = _SENTENCE.split(plain[:4000])
        group: list[str] = []
        for sentence in sentences:
            group.append(sentence)
            if sum(map(len, group)) > 160:
                yield Passage(" ".join(group)[:_LONGEST], language, kind)
                group = []
                count += 1
        if group:
            yield Passage(" ".join(group)[:_LONGEST], language, kind)
            count += 1
        if kind == "docs" and count > _MOST_PER_FILE:
            return


def _sentence_lists(folder: Path | None) -> Iterator[Passage]:
    for path in sorted(folder.rglob("*.json")) if folder else ():
        try:
            entries = json.loads(path.read_text("utf-8"))
        except ValueError:
            continue
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, str) and 3 < len(entry) < 1000:
                yield Passage(_SPACE.sub(" ", entry).strip()[:_LONGEST], "en", "prose")


def _read(path: Path) -> str:
    try:
        return path.read_bytes()[:3_000_000].decode("utf-8", "ignore")
    except OSError:
        return ""


def _plain(markup: str) -> str:
    text = re.sub(r"</(?:p|li|h\d|td|dd|dt|div|title)>", "\n\n", markup)
    return html.unescape(_TAGS.sub(" ", text))


def _prose() -> Iterator[Passage]:
    for path in sorted(Path("/usr/share/doc/anarchism/html").glob("*.html")):
        yield from _split(_plain(_read(path)), "en", "prose")
    fortunes = Path("/usr/share/games/fortunes")
    by_name = {"brasil": "pt", "definizioni": "it", "formiche": "it", "italia": "it", "leggi": "it"}
    for path in sorted(fortunes.rglob("*")):
        if path.is_symlink() or not path.is_file() or path.suffix in {".dat", ".u8"}:
            continue
        language = path.parent.name if path.parent.name in LANGUAGES else by_name.get(path.name, "en")
        for cookie in _read(path).split("\n%\n"):
            yield from _split(cookie, language, "prose")


def _manuals() -> Iterator[Passage]:
    handbook = Path("/usr/share/doc/debian-handbook/html")
    for folder in sorted(handbook.glob("*")):
        language = folder.name[:2]
        if language in LANGUAGES:
            for path in sorted(folder.glob("*.html")):
                yield from _split(_plain(_read(path)), language, "docs")
    for folder in sorted(Path("/usr/share/gimp/2.0/help").glob("*")):
        language = folder.name[:2]
        if language in LANGUAGES:
            for path in sorted(folder.glob("*.html")):
                yield from _split(_plain(_read(path)), language, "docs")


def _translations() -> Iterator[Passage]:
    for path in sorted(Path("/usr/share/locale").glob("*/LC_MESSAGES/*.mo")):
        language = path.parts[4][:2]
        if language not in LANGUAGES or language == "en":
            continue
        try:
            with path.open("rb") as stream:
                catalog = gettext.GNUTranslations(stream)._catalog  # type: ignore[attr-defined]
        except (OSError, UnicodeError, ValueError):
            continue
        for index, message in enumerate(sorted(str(value) for value in catalog.values())):
            if 40 < len(message) < _LONGEST and "Content-Type" not in message and index % 3 == 0:
                yield Passage(_SPACE.sub(" ", message).strip(), language, "docs")


def _packages() -> Iterator[Passage]:
    roots = {Path(sysconfig.get_path("purelib")), Path("/usr/share/doc")}
    for root in sorted(roots):
        for pattern in ("*/METADATA", "**/*.md", "**/*.rst", "**/README*", "**/LICENSE*", "**/copyright"):
            for path in sorted(root.glob(pattern)):
                if path.is_file() and path.suffix not in {".gz", ".py", ".pyc"}:
                    yield from _split(_read(path), "en", "docs")


def _code() -> Iterator[Passage]:
    library = Path(sysconfig.get_path("stdlib"))
    files = sorted(library.glob("*.py")) + sorted(Path(sysconfig.get_path("purelib")).glob("*/*.py"))
    for path in files:
        lines = _read(path).splitlines()
        for start in range(0, min(len(lines), 900), 12):
            block = "\n".join(line[:160] for line in lines[start : start + 12]).strip("\n")
            if len(block) > 80:
                yield Passage(block[:900], "en", "code")
