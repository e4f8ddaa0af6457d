# ruff: noqa: E501 - a table reads better in long lines
"""Postal addresses as many countries write them."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Protocol


class Draw(Protocol):
    """What an address needs from the source of names."""

    rng: random.Random

    def last(self) -> str:
        """A family name."""
        ...

    def city(self) -> str:
        """A town."""
        ...


_EN = (
    "Street",
    "St",
    "Road",
    "Rd",
    "Avenue",
    "Ave",
    "Lane",
    "Ln",
    "Drive",
    "Dr",
    "Court",
    "Blvd",
    "Way",
    "Close",
    "Terrace",
    "Place",
    "Crescent",
)
_WORDS = (
    "Oak",
    "Maple",
    "Main",
    "High",
    "Church",
    "Park",
    "Station",
    "King",
    "Queen",
    "Mill",
    "Cedar",
    "Lake",
    "Hill",
    "Elm",
    "Victoria",
    "Second",
)
_STATES = ("NY", "CA", "TX", "FL", "IL", "MA", "WA", "OH", "PA", "GA", "CO", "NJ", "VA", "MI", "OR", "AZ")
_DE = ("straße", "str.", "weg", "allee", "gasse", "platz", "ring", "damm")
_DE_STEMS = (
    "Haupt",
    "Bahnhof",
    "Schul",
    "Garten",
    "Linden",
    "Kirch",
    "Goethe",
    "Schiller",
    "Berg",
    "Wald",
    "Rosen",
    "Mozart",
    "Industrie",
    "Post",
)


def address(draw: Draw) -> str:
    """One address, street and number at least."""
    return draw.rng.choice(_MAKERS)(draw)


def _digits(draw: Draw, count: int) -> str:
    return str(draw.rng.randrange(10 ** (count - 1), 10**count))


def _number(draw: Draw) -> str:
    number = str(
        draw.rng.choice((draw.rng.randrange(1, 60), draw.rng.randrange(1, 300), draw.rng.randrange(100, 9999)))
    )
    return number + draw.rng.choice(("", "", "", "", "a", "b", " B"))


def _american(draw: Draw) -> str:
    rng = draw.rng
    name = rng.choice((rng.choice(_WORDS), draw.last(), f"{rng.choice(_WORDS)} {rng.choice(_WORDS)}", "42nd", "5th"))
    street = f"{_number(draw)} {rng.choice(('', '', 'N ', 'West ', 'E. '))}{name} {rng.choice(_EN)}"
    if rng.random() < 0.25:
        street += rng.choice((f", Apt {_number(draw)}", f" Suite {_digits(draw, 3)}", f", Unit {_digits(draw, 1)}"))
    if rng.random() < 0.45:
        street += f", {draw.city()}, {rng.choice(_STATES)} {_digits(draw, 5)}"
    return street


def _british(draw: Draw) -> str:
    rng = draw.rng
    street = f"{_number(draw)} {rng.choice((rng.choice(_WORDS), draw.last()))} {rng.choice(_EN)}"
    if rng.random() < 0.5:
        letters = "".join(rng.choices("ABDEGHJLNPRSTUWXYZ", k=4))
        street += f", {draw.city()} {letters[:2]}{rng.randrange(1, 20)} {rng.randrange(1, 9)}{letters[2:]}"
    return street


def _german(draw: Draw) -> str:
    rng = draw.rng
    stem = rng.choice((rng.choice(_DE_STEMS), draw.last().split()[-1]))
    forms = (
        f"{stem}{rng.choice(_DE)}",
        f"{draw.last()}-Straße",
        f"Am {stem}berg",
        f"An der {stem}",
        f"{stem}er Straße",
    )
    street = f"{rng.choice(forms)} {_number(draw)}"
    return street + (f", {_digits(draw, 5)} {draw.city()}" if rng.random() < 0.5 else "")


def _french(draw: Draw) -> str:
    rng = draw.rng
    kind = rng.choice(("rue", "avenue", "boulevard", "place", "impasse", "chemin", "quai", "Rue", "Avenue"))
    name = rng.choice(
        (
            f"de la {rng.choice(('Paix', 'République', 'Gare', 'Liberté'))}",
            f"{draw.last()}",
            f"du {draw.last()}",
            f"de {draw.city()}",
        )
    )
    street = f"{_number(draw)}{rng.choice((', ', ' ', ' bis, '))}{kind} {name}"
    return street + (f", {_digits(draw, 5)} {draw.city()}" if rng.random() < 0.5 else "")


def _southern(draw: Draw) -> str:
    rng = draw.rng
    kind = rng.choice(
        (
            "Calle",
            "Avenida",
            "Plaza",
            "Via",
            "Viale",
            "Piazza",
            "Corso",
            "Rua",
            "Avenida da",
            "Travessa",
            "C/",
            "Calle de",
        )
    )
    street = f"{kind} {rng.choice((draw.last(), draw.city(), 'Roma', 'Mayor', 'Garibaldi', 'Liberdade'))}{rng.choice((', ', ' ', ', nº '))}{_number(draw)}"
    return street + (f", {_digits(draw, 5)} {draw.city()}" if rng.random() < 0.5 else "")


def _northern(draw: Draw) -> str:
    rng = draw.rng
    stem = rng.choice(
        ("Kerk", "Dorps", "Molen", "Stor", "Skole", "Kungs", "Drottning", "Haupt", draw.last().split()[-1])
    )
    end = rng.choice(
        ("straat", "laan", "weg", "plein", "gatan", "vägen", "gade", "vej", "gata", "veien", "katu", "tie")
    )
    street = f"{stem}{end} {_number(draw)}"
    code = rng.choice(
        (
            f"{_digits(draw, 4)} {''.join(rng.choices('ABCDEHKLNPRSTVX', k=2))}",
            _digits(draw, 4),
            f"{_digits(draw, 3)} {_digits(draw, 2)}",
        )
    )
    return street + (f", {code} {draw.city()}" if rng.random() < 0.5 else "")


def _polish(draw: Draw) -> str:
    rng = draw.rng
    street = f"{rng.choice(('ul.', 'al.', 'pl.', 'ulica', 'ul.'))} {rng.choice((draw.last(), 'Długa', 'Polna', 'Kwiatowa', 'Leśna'))} {_number(draw)}"
    if rng.random() < 0.3:
        street += f"/{rng.randrange(1, 90)}"
    return street + (f", {_digits(draw, 2)}-{_digits(draw, 3)} {draw.city()}" if rng.random() < 0.5 else "")


def _town(draw: Draw) -> str:
    return f"{draw.rng.choice(('', 'D-', 'A-', 'CH-', 'F-'))}{_digits(draw, 5)} {draw.city()}"


_MAKERS: tuple[Callable[[Draw], str], ...] = (
    _american, _american, _american, _british, _british, _german, _german, _french, _french, _southern, _southern, _northern, _polish, _town,
)  # fmt: skip
