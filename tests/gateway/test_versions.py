"""The floors of the libraries, and that this checkout meets them."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from gateway.versions import FLOORS, check_versions

GOOD = {name: floor for name, floor, _ in FLOORS} | {"mitmproxy": "12.2.3"}


def problems(**changes: str | None) -> list[str]:
    table = GOOD | {name.replace("_", "-"): version for name, version in changes.items()}

    def version_of(name: str) -> str:
        found = table[name]
        if found is None:
            raise metadata.PackageNotFoundError(name)
        return found

    return check_versions(version_of, (3, 13))


def test_what_is_installed_here_is_good() -> None:
    assert check_versions() == []


def test_the_floors_themselves_are_good() -> None:
    assert problems() == []


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("h2", "4.3.0"),
        ("h2", "4.4.1rc1"),
        ("h2", "4.4.1.dev2"),
        ("h2", "4.4"),
        ("h2", "rubbish"),
        ("h2", ""),
        ("hpack", "4.0.0"),
        ("cryptography", "48.0.1"),
        ("cryptography", "50.0.1"),
        ("pyopenssl", "26.2.0"),
        ("tornado", "6.5.5"),
        ("msgpack", "1.1.2"),
        ("presidio_anonymizer", "2.2.364"),
        ("mitmproxy", "12.1.9"),
        ("mitmproxy", "12.3.0"),
        ("mitmproxy", "13.2.0"),
        ("mitmproxy", "1.22"),
        ("h2", None),
        ("mitmproxy", None),
    ],
)
def test_older_or_missing_is_a_problem_with_a_fix(name: str, version: str | None) -> None:
    found = problems(**{name: version})
    assert len(found) == 1
    assert found[0].startswith(name.replace("_", "-"))
    assert "make setup" in found[0]


@pytest.mark.parametrize(
    ("name", "version"),
    [("h2", "4.10"), ("h2", "5"), ("pyopenssl", "26.4.0"), ("pyopenssl", "26.10.0"), ("mitmproxy", "12.2.17")],
)
def test_newer_is_compared_as_numbers(name: str, version: str) -> None:
    found = problems(**{name: version})
    assert found == []


@pytest.mark.parametrize(("python", "good"), [((3, 11), False), ((3, 12), True), ((3, 13), True), ((3, 14), False)])
def test_python(python: tuple[int, int], good: bool) -> None:
    found = check_versions(GOOD.__getitem__, python)
    assert found == [] if good else "Python" in found[0]


def test_the_floors_are_those_of_the_project_file(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))
    overrides = project["tool"]["uv"]["override-dependencies"]
    wanted = dict(re.match(r"([\w-]+)>=([\d.]+)", line).groups() for line in overrides)  # type: ignore[union-attr]
    floors = {name: floor for name, floor, _ in FLOORS}
    assert {name: floors.get(name) for name in wanted if name != "typing-extensions"} == {
        name: floor for name, floor in wanted.items() if name != "typing-extensions"
    }
