"""Which versions of the libraries must have been loaded.

mitmproxy caps its dependencies at the versions of its release day; the project's lock lifts the caps that hold back
security fixes. A plain `pip install` quietly brings the capped ones back, so this is asserted at start and by `doctor`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from importlib import metadata
from typing import Final

type VersionOf = Callable[[str], str]
"""Gives the version of an installed distribution; raises importlib.metadata.PackageNotFoundError."""

FLOORS: Final = (
    ("h2", "4.4.1", "it takes two Host fields for one request (CVE-2026-71554)"),
    ("hpack", "4.1", "h2 4.4 is made for it"),
    ("cryptography", "50.0.2", "older ones spend exponential time on crafted chains (CVE-2026-69249)"),
    ("pyopenssl", "26.4", "cryptography 50 is made for it"),
    ("tornado", "6.6", "older ones have published faults"),
    ("msgpack", "1.2.1", "older ones have published faults"),
    ("joserfc", "1.0", "tokens are verified with it"),
    ("presidio-analyzer", "2.2.366", "recognizers are chosen for it"),
    ("presidio-anonymizer", "2.2.366", "older ones hold cryptography back"),
)
"""Distribution, lowest version, and what is wrong below it."""
MITMPROXY: Final = "12.2"
"""The release line whose behaviour the addons and the patches are tested against."""
PYTHON: Final = ((3, 12), (3, 14))
"""From, to (exclusive)."""
FIX: Final = "Install from the lock: make setup, or pip install --no-deps -r requirements.lock."


def check_versions(
    version_of: VersionOf = metadata.version, python: tuple[int, int] = (sys.version_info[0], sys.version_info[1])
) -> list[str]:
    """One sentence for each thing that must not be as it is; empty when all is well."""
    problems = []
    lowest, beyond = PYTHON
    if not lowest <= python < beyond:
        problems.append(f"Python {python[0]}.{python[1]} is not supported: use 3.12 or 3.13.")
    for name, floor, reason in FLOORS:
        found = _installed(name, version_of)
        if found is None:
            problems.append(f"{name} is not installed, {floor} or newer is needed. {FIX}")
        elif _release(found) < _release(floor):
            problems.append(f"{name} {found} is older than {floor}: {reason}. {FIX}")
    found = _installed("mitmproxy", version_of)
    if found is None or _release(found)[:2] != _release(MITMPROXY)[:2]:
        problems.append(f"mitmproxy is {found or 'not installed'}, and {MITMPROXY}.x is what this was made for. {FIX}")
    return problems


def _installed(name: str, version_of: VersionOf) -> str | None:
    try:
        return version_of(name)
    except metadata.PackageNotFoundError:
        return None


def _release(version: str) -> tuple[int, ...]:
    """The release numbers without zeros at the end, then -1 for a pre-release and 0 for a release.

    A version that cannot be read counts as the oldest of all.
    """
    matched = re.match(r"(\d+(?:\.\d+)*)(?P<pre>\.?(?:a|b|rc|dev)\d*)?", version)
    if matched is None:
        return ()
    numbers = [int(part) for part in matched[1].split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return (*numbers, -1 if matched["pre"] else 0)
