# ruff: noqa: E501 - a table reads better in long lines
"""Puts names into real sentences: in the place of pronouns and role nouns, after prepositions, around the sentence."""

from __future__ import annotations

import random
import re

from dlp_recognizers.model.filling import KIND, Builder, Labelled

_ROLES = {
    "en": (
        (r"\b(?:He|She|he|she|him)\b", "P"),
        (r"\b(?:the (?:user|author|owner|manager|president|man|woman|director|actor|writer|teacher|doctor|driver|maintainer|administrator))\b", "P"),
        (r"\b(?:my (?:wife|husband|son|daughter|brother|sister|friend|boss|mother|father)|a friend|a man|a woman|someone|somebody)\b", "P"),
        (r"\b(?:the (?:company|firm|university|government|vendor|bank|school|hospital|organization|agency|committee))\b", "O"),
        (r"\b(?<=in )(?:the (?:country|city|area|world|region|town|north|south))\b", "L"),
        (r"\b(?<=(?:in|to|at) )(?:there|here|home|school|work)\b", "L"),
    ),
    "de": ((r"\b(?:der Benutzer|der Autor|der Administrator|der Entwickler|Er|jemand|man)\b", "P"), (r"\b(?:die Firma|das Projekt)\b", "O")),
    "fr": ((r"\b(?:l'utilisateur|l’utilisateur|l'administrateur|Elle|elle|quelqu'un)\b", "P"), (r"\b(?:le projet|la société)\b", "O")),
    "es": ((r"\b(?:el usuario|el autor|el administrador|alguien)\b", "P"), (r"\b(?:el proyecto|la empresa)\b", "O")),
    "it": ((r"\b(?:l'utente|l'autore|l'amministratore|qualcuno)\b", "P"), (r"\b(?:il progetto|la società)\b", "O")),
    "nl": ((r"\b(?:de gebruiker|de auteur|iemand|hij|Hij)\b", "P"), (r"\b(?:het project|het bedrijf)\b", "O")),
    "pt": ((r"\b(?:o usuário|o utilizador|o autor|o administrador|ele|ela|alguém)\b", "P"), (r"\b(?:o projeto|a empresa)\b", "O")),
    "pl": ((r"\b(?:użytkownik|autor|administrator|ktoś)\b", "P"),),
    "sv": ((r"\b(?:användaren|någon|han|hon|Han|Hon)\b", "P"),),
}  # fmt: skip
_COMPILED = {language: [(re.compile(regex), hole) for regex, hole in rules] for language, rules in _ROLES.items()}
_INLINE = {
    "en": (
        "by {P}", "with {P}", "from {P}", "({P})", ", {P},", "{P} and {P}", "and {P}", "to {P}", "for {P}", "according to {P}", "like {P}",
        "{P}'s", "as {P} says", "at {O}", "from {O}", "by {O}", "({O})", "of {O}", "in {L}", "to {L}", "from {L}", "near {C}", "({C}, {L})",
        "and {L}", "of {L}", "in {C}, {L},", "at {A}", "Mr. {N}", "Dr. {N}", "President {N}", "both {P} and {O}", "between {L} and {L}",
    ),
    "de": ("von {P}", "mit {P}", "({P})", "und {P}", "für {P}", "laut {P}", "bei {O}", "der {O}", "in {L}", "aus {L}", "nach {C}", "Herr {N}", "Frau {N}", "{P}s", "in der {A}"),
    "fr": ("par {P}", "avec {P}", "({P})", "et {P}", "pour {P}", "selon {P}", "chez {O}", "de {O}", "à {C}", "en {L}", "de {L}", "M. {N}", "Mme {N}", "de {P}", "au {A}"),
    "es": ("por {P}", "con {P}", "({P})", "y {P}", "para {P}", "según {P}", "en {O}", "de {O}", "en {C}", "a {L}", "de {L}", "el señor {N}", "de {P}", "en {A}"),
    "it": ("da {P}", "con {P}", "({P})", "e {P}", "per {P}", "secondo {P}", "presso {O}", "di {O}", "a {C}", "in {L}", "il signor {N}", "di {P}", "in {A}"),
    "nl": ("door {P}", "met {P}", "({P})", "en {P}", "voor {P}", "volgens {P}", "bij {O}", "van {O}", "in {C}", "naar {L}", "de heer {N}", "van {P}", "op {A}"),
    "pt": ("por {P}", "com {P}", "({P})", "e {P}", "para {P}", "segundo {P}", "na {O}", "da {O}", "em {C}", "no {L}", "o senhor {N}", "de {P}", "na {A}"),
    "pl": ("przez {P}", "z {P}", "({P})", "i {P}", "dla {P}", "według {P}", "w {O}", "z {O}", "w {C}", "do {L}", "pan {N}", "pani {N}"),
    "sv": ("av {P}", "med {P}", "({P})", "och {P}", "från {O}", "på {O}", "i {C}", "till {L}", "enligt {P}"),
}  # fmt: skip
_AROUND = (
    ("{P}: ", ""), ("{P} said: ", ""), ("", " - {P}"), ("", " ({P}, {O})"), ("", ', {P} said.'), ("{P}, {O}: ", ""), ("", " {P}"),
    ("{G}, ", ""), ("Hi {G}, ", ""), ("", "\n\n{F}"), ("", "\n-- \n{F}\n{O}"), ("{C} - ", ""), ("{L}: ", ""), ("* {P}\n", ""), ("{P}\n", ""),
    ("{P} writes: ", ""), ("From {F}: ", ""), ("Dear {G},\n", ""), ("", "\nThanks, {G}"), ("In {L}, ", ""), ("At {O}, ", ""), ("{O}: ", ""),
)  # fmt: skip
_BETWEEN = re.compile(r"(?<=[a-zà-ÿ,]) (?=[a-zà-ÿ])")


def renamed(made: Labelled, builder: Builder, chance: float) -> Labelled:
    """Some of the names of a text exchanged for others of their kind."""
    holes = {"PERSON": "P", "LOCATION": "L", "ORGANIZATION": "O"}
    edits = []
    for start, end, kind in made.spans:
        if kind in holes and builder.rng.random() < chance:
            hole = "F" if kind == "PERSON" and " " in made.text[start:end] else holes[kind]
            edits.append((start, end, f"{{{hole}}}"))
    return replaced(made, edits, builder)


def replaced(made: Labelled, edits: list[tuple[int, int, str]], builder: Builder) -> Labelled:
    """Every (start, end, template) put in, in order; names that a template replaces go, others move along."""
    result = Labelled("")
    parts: list[str] = []
    position = length = 0
    kept = [(s, e, k) for s, e, k in made.spans if not any(a < e and s < b for a, b, _ in edits)]
    unknown = [(s, e) for s, e in made.unknown if not any(a < e and s < b for a, b, _ in edits)]
    shifts: list[tuple[int, int]] = []
    for start, end, template in sorted(edits):
        if start < position:
            continue
        filled = builder.fill(template)
        parts += (made.text[position:start], filled.text)
        length += start - position
        result.spans += [(length + a, length + b, kind) for a, b, kind in filled.spans]
        length += len(filled.text)
        position = end
        shifts.append((end, length - end))
    parts.append(made.text[position:])
    result.text = "".join(parts)

    def moved(at: int) -> int:
        return at + next((by for edge, by in reversed(shifts) if edge <= at), 0)

    result.spans = sorted(result.spans + [(moved(s), moved(s) + e - s, k) for s, e, k in kept])
    result.unknown = [(moved(s), moved(s) + e - s) for s, e in unknown]
    return result


def injected(made: Labelled, language: str, builder: Builder) -> Labelled:
    """Names put into a real text at one to three places."""
    rng = builder.rng
    edits: list[tuple[int, int, str]] = []
    for regex, hole in _COMPILED.get(language, ()):
        for match in regex.finditer(made.text):
            if rng.random() < 0.45 and len(edits) < 4:
                edits.append((match.start(), match.end(), f"{{{hole}}}"))
    spots = [match.span() for match in _BETWEEN.finditer(made.text)]
    if spots and (not edits or rng.random() < 0.3):
        for start, end in rng.sample(spots, min(len(spots), rng.choice((1, 1, 2)))):
            phrase = rng.choice(_INLINE.get(language, _INLINE["en"]))
            edits.append((start, end, f" {phrase} "))
    if not edits or rng.random() < 0.12:
        before, after = rng.choice(_AROUND)
        if before:
            edits.append((0, 0, before))
        if after:
            edits.append((len(made.text), len(made.text), after))
    return replaced(made, _apart(edits), builder)


def _apart(edits: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    kept: list[tuple[int, int, str]] = []
    for edit in sorted(edits, key=lambda edit: edit[:2]):
        if not kept or edit[0] > kept[-1][1]:
            kept.append(edit)
    return kept


def recased(made: Labelled, rng: random.Random) -> Labelled:
    """Now and then a whole text in lower, upper or title case. Labels stay where they are."""
    roll = rng.random()
    text = made.text
    if roll < 0.07:
        text = text.lower()
    elif roll < 0.095:
        text = text.upper()
    elif roll < 0.12:
        text = re.sub(r"\b[a-zà-ÿ](?=[a-zà-ÿ]{3})", lambda match: match.group().upper(), text)
    return Labelled(text, made.spans, made.unknown) if len(text) == len(made.text) else made


__all__ = ["KIND", "injected", "recased", "renamed", "replaced"]
