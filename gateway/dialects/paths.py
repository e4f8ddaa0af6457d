"""Paths with parameters, and queries: closed character sets, one canonical spelling, rebuilt for the upstream."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import quote, unquote

ID: Final = r"[A-Za-z0-9_-]{1,128}"
"""Ids that providers give: a parameter whose name is not in `CHARACTERS` is one."""
MODEL: Final = r"(?:[A-Za-z0-9._:@-]|%3[Aa]|%2[Ff]){1,256}"
"""Only here a percent-encoding is taken, and only of the two characters that cannot stand in a segment."""
CHARACTERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "model": MODEL,
        "deployment": r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}",
        "project": r"[a-z0-9][a-z0-9.:-]{0,62}",
        "location": r"[a-z][a-z0-9-]{0,31}",
        "version": r"[A-Za-z0-9.]{1,16}",
    }
)
"""Parameter to the pattern of what may stand in its place, as it is written in a path."""
MODEL_PARAMETERS: Final = frozenset({"model", "deployment"})
"""Parameters that name the model: the upstream's own name takes their place."""

LIMIT: Final = re.compile(r"[0-9]{1,4}")
CURSOR: Final = re.compile(r"[A-Za-z0-9_=-]{1,128}")
ORDER: Final = re.compile(r"asc|desc")
FLAG: Final = re.compile(r"true|false")
API_VERSION: Final = re.compile(r"20[0-9]{2}-[01][0-9]-[0-3][0-9](?:-preview)?|preview|latest|v1")
DROPPED: Final = re.compile(r"[A-Za-z0-9_.~-]{0,256}")
"""What a parameter may hold that is read and never sent, as an API key in a URL."""
LISTING: Final[Mapping[str, re.Pattern[str]]] = MappingProxyType(
    {"limit": LIMIT, "order": ORDER, "after": CURSOR, "before": CURSOR}
)
"""How OpenAI-shaped lists are paged."""
BETA: Final[Mapping[str, re.Pattern[str]]] = MappingProxyType({"beta": re.compile("true")})
"""How Anthropic's clients ask for beta features."""
MODELS_QUERY: Final[Mapping[str, re.Pattern[str]]] = MappingProxyType({"limit": LIMIT})

INCLUDE: Final[Mapping[str, re.Pattern[str]]] = MappingProxyType(
    {"include[]": re.compile(r"[a-z_]{1,40}(?:\.[a-z_]{1,40}){0,4}")}
)
"""What else an OpenAI answer shall hold."""

_BRACKETS: Final = re.compile("%5B%5D", re.IGNORECASE)
_PARAMETER: Final = re.compile(r"\{([a-z_]+)\}")


def pattern(template: str) -> re.Pattern[str]:
    """The pattern of the paths that `template` (`/v1/files/{file}`) stands for, a named group for each parameter."""
    out: list[str] = []
    position = 0
    for match in _PARAMETER.finditer(template):
        out.append(re.escape(template[position : match.start()]))
        out.append(f"(?P<{match[1]}>{CHARACTERS.get(match[1], ID)})")
        position = match.end()
    return re.compile("".join(out) + re.escape(template[position:]))


def filled(template: str, parameters: Mapping[str, str]) -> str:
    """The path for these parameters, each percent-encoded as one segment."""
    return _PARAMETER.sub(lambda match: quote(parameters[match[1]], safe="@:._-~"), template)


def decoded(parameters: Mapping[str, str]) -> dict[str, str]:
    """The parameters of a matched path, without percent-encoding."""
    return {name: unquote(value) for name, value in parameters.items()}


def query_of(raw: str, allowed: Mapping[str, re.Pattern[str]], dropped: frozenset[str]) -> str | None:
    """`raw` as it goes upstream: its known parameters, in the order of `allowed`. None: something in it is not known,
    has another form, or stands twice (a name that ends in `[]` may, up to eight times)."""
    given: dict[str, list[str]] = {}
    for pair in raw.split("&"):
        name, mark, value = pair.partition("=")
        name = _BRACKETS.sub("[]", name)
        known = DROPPED if name in dropped else allowed.get(name)
        values = given.setdefault(name, [])
        values.append(value)
        if not mark or known is None or known.fullmatch(value) is None or len(values) > (8 if name[-2:] == "[]" else 1):
            return None
    sent = [(name, value) for name in allowed if name not in dropped for value in given.get(name, ())]
    return "&".join(f"{name.replace('[]', '%5B%5D')}={value}" for name, value in sent)
