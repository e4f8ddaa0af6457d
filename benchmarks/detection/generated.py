"""Labelled text of our own: generated values in the places where values stand. A seed gives the same set.

The values come from the generators that the tests use; the carriers are written here and are not those of the tests.
"""

from __future__ import annotations

import importlib
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gateway.entities import EntityGroup, group_of
from gateway.evaluation.words import Label, Sample

_GENERATORS: Final = Path(__file__).resolve().parents[2] / "tests" / "dlp_recognizers"
"""Where the modules are that make values: `*values.py`, each with tuples of kinds."""

CARRIERS: Final = {
    "prose": (
        "During the call she read it out twice, {l}{v}, and asked us to check it against the file.",
        "As agreed I am passing on {l}{v} so that the colleagues in the other office can go on.",
        "Wie besprochen hier die Angabe aus dem Vorgang: {l}{v}. Bitte nur intern verwenden.",
        "Voici ce que le client nous a transmis hier soir : {l}{v}. Merci de vérifier.",
        "El cliente nos envió {l}{v} por correo la semana pasada, ¿puedes comprobarlo?",
    ),
    "mail": (
        "Subject: RE: open case\nDate: Tue, 14 May 2024 09:12:44 +0200\n\nHi all,\n\n{l}{v}\n\nThanks, talk soon",
        "> On Monday you wrote:\n> {l}{v}\n\nThat is the one. The rest can wait until version 2.4 is out.",
    ),
    "chat": (
        "[09:41] so which one is it?\n[09:42] {l}{v}\n[09:42] ok got it, ty",
        "user: can you use {l}{v} for the test?\nassistant: Done.",
    ),
    "ticket": (
        "### Steps\n1. Open the form\n2. Enter {l}{v}\n3. Press *Save*\n\nExpected: saved. Actual: 500 after 30.1 s",
        "| field | content |\n|---|---|\n| {l} | {v} |\n| status | open |",
    ),
    "json": (
        '{{"case": 48213, "{k}": "{j}", "created": "2024-05-14T09:12:44Z", "open": true}}',
        '{{\n  "items": [\n    {{"{k}": "{j}"}},\n    {{"n": 3}}\n  ],\n  "took_ms": 12.7\n}}',
    ),
    "csv": (
        "case;{k};opened\n48213;{v};2024-05-14\n",
        'id,{k},note\n7,"{v}",call back\n',
    ),
    "yaml": (
        "case: 48213\n{k}: {v}\nretries: 3\n",
        'spec:\n  replicas: 2\n  items:\n    - name: {k}\n      value: "{v}"\n',
    ),
    "code": (
        'def check(limit=30):\n    {k} = "{v}"  # from the ticket\n    return verify({k}, limit)\n',
        "const {k} = '{v}';\nexport default {{ {k}, timeout: 3000 }};\n",
        "INSERT INTO case_data (id, {k}) VALUES (48213, '{v}');",
        "    // {l}{v}\n    assertEquals(3, list.size());\n",
    ),
    "log": (
        '2024-05-14 09:12:44,318 WARN [http-8] c.e.FormController - rejected input {k}="{v}" after 31 ms',
        "May 14 09:12:44 web-3 app[2411]: field {k} value {v} status=422",
    ),
    "markup": (
        "<tr><td>{l}</td><td>{v}</td><td>open</td></tr>",
        '<field name="{k}">{v}</field>',
    ),
}
"""`{v}` is the value, `{j}` the value within a JSON string, `{l}` its label in words (or nothing), `{k}` as a key."""

_LINES: Final = {"markup", "csv", "yaml", "log"}
"""Carriers in which a value of several lines does not stand."""
_NEUTRAL: Final = ("value", "data", "input", "ref", "field_7", "content")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of value."""

    entity: str
    name: str
    make: Callable[[random.Random], str]
    labels: tuple[str, ...] = ()
    """Words of which one has to stand before it; none: it is found without."""

    @property
    def secret(self) -> bool:
        """Whether it is one that lets its holder in somewhere."""
        return group_of(self.entity) is EntityGroup.SECRET


def kinds() -> list[Kind]:
    """Every kind of value that there is a generator for."""
    found: dict[tuple[str, str, tuple[str, ...]], Kind] = {}
    for path in sorted(_GENERATORS.glob("*values.py")):
        module = importlib.import_module(f"tests.dlp_recognizers.{path.stem}")
        for group in vars(module).values():
            if isinstance(group, tuple) and group and all(hasattr(given, "make") for given in group):
                for kind in map(_kind, group):
                    found[kind.entity, kind.name, kind.labels] = kind
    return list(found.values())


def _kind(given: Any) -> Kind:
    return Kind(given.entity, given.make.__name__, given.make, tuple(getattr(given, "labels", ())))


def samples(made: Sequence[Kind], *, seed: int, each: int) -> Iterator[tuple[str, Sample]]:
    """`each` samples of every kind, with the name of the carrier that each stands in."""
    for place, kind in enumerate(made):
        rng = random.Random(f"{seed} {place} {kind.entity} {kind.name}")
        for number in range(each):
            value = kind.make(rng)
            names = [name for name in CARRIERS if "\n" not in value or name not in _LINES]
            name = names[number % len(names)]
            yield name, _sample(rng, kind, value, rng.choice(CARRIERS[name]))


def _sample(rng: random.Random, kind: Kind, value: str, carrier: str) -> Sample:
    word = rng.choice(kind.labels) if kind.labels else ""
    key = "_".join(word.lower().replace("-", " ").split()) or rng.choice(_NEUTRAL)
    label = f"{word}: " if word and "| {l} |" not in carrier and "<td>{l}" not in carrier else word
    in_json = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    text = carrier.format(v=value, j=in_json, l=label, k=key)
    held = in_json if "{j}" in carrier else value
    start = text.rindex(held)
    before = f"{rng.choice(_BEFORE)}\n" if rng.random() < 0.5 else ""
    start += len(before)
    labels = (Label(start, start + len(held), kind.entity),)
    return Sample(before + text, labels, f"{kind.entity}:{kind.name}")


_BEFORE: Final = (
    "Release 4.12.0 of 2024-05-14 closes 17 of 23 tickets.",
    "The build took 00:03:41 and used 1,204,551 kB.",
    "Seite 3 von 12, Stand 14.05.2024, Aktenplan 2.1.4",
    "# commit 3f2504e04f8911d39a0c0305e82c3301 (HEAD -> main)",
    "Total 12,480.00 EUR, due in 30 days.",
)


def entities_of(made: Iterable[Kind], *, secret: bool) -> list[str]:
    """The entities of some kinds: the secrets, or all others."""
    return sorted({kind.entity for kind in made if kind.secret is secret})
