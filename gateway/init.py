"""Writes the working folder of a gateway: settings, rules, agents, a throw-away PKI, keys. Overwrites nothing."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from certs.authority import make_pki
from gateway.errors import ConfigurationError
from gateway.identity import SpiffeIdError, parse_spiffe_id
from gateway.keys import new_key_file
from routing_rules.templates import folder_texts

AGENTS = ("agent/demo",)
"""SPIFFE paths of the agents in the registry that is written."""


@dataclass(slots=True)
class Initialised:
    """What was done."""

    written: list[Path] = field(default_factory=list)
    kept: list[Path] = field(default_factory=list)
    """What was there before and is as it was."""


def init(directory: Path, trust_domain: str = "corp.example", *, now: datetime | None = None) -> Initialised:
    """Make `directory` a working folder; what it already has is kept.

    Raises ConfigurationError when the trust domain or the folder cannot be used.
    """
    try:
        parse_spiffe_id(f"spiffe://{trust_domain}/agent/demo", trust_domain)
    except SpiffeIdError:
        raise ConfigurationError(
            f"trust domain {trust_domain!r} cannot be used: write lower-case letters, digits, . and -"
        ) from None
    done = Initialised()
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in folder_texts(trust_domain).items():
            _write(directory / name, text, 0o644, done)
        _write(directory / "secrets" / "gateway.keys", new_key_file(now or datetime.now(UTC)), 0o600, done)
        _pki(directory / "pki", trust_domain, done)
    except OSError as error:
        raise ConfigurationError(f"cannot write {error.filename}: {error.strerror}; choose another folder") from None
    return done


def _write(path: Path, text: str, mode: int, done: Initialised) -> None:
    path.parent.mkdir(mode=0o755 if mode & 0o044 else 0o700, parents=True, exist_ok=True)
    try:
        # O_EXCL: a file, or a link to one, that is there already is never written through.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        done.kept.append(path)
        return
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    done.written.append(path)


def _pki(directory: Path, trust_domain: str, done: Initialised) -> None:
    if directory.exists():
        done.kept.append(directory)
        return
    make_pki(directory, trust_domain=trust_domain, agents=AGENTS)
    done.written.append(directory)
