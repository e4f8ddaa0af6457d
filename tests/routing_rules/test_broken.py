"""Every broken policy: where, what, the fix. None loads. Each file says in its first lines what is expected of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.diagnostics import DocumentError
from routing_rules.compile import load_policy

BROKEN = Path(__file__).parent / "broken"
FILES = sorted(BROKEN.glob("*.yaml"))


def expectations(path: Path) -> list[tuple[int, int, str, str, str]]:
    found = []
    for line in path.read_text().splitlines():
        if line.startswith("# expect: "):
            place, code, message, fix = line.removeprefix("# expect: ").split(" | ")
            number, _, column = place.partition(":")
            found.append((int(number), int(column), code, message, fix))
    return found


def test_there_are_enough_of_them() -> None:
    assert len(FILES) >= 80


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_broken_policy_is_refused_with_place_and_fix(path: Path) -> None:
    expected = expectations(path)
    assert expected
    with pytest.raises(DocumentError) as caught:
        load_policy(path)
    found = caught.value.diagnostics
    assert [(each.line, each.column, each.code) for each in found] == [each[:3] for each in expected]
    for diagnostic, (line, column, _, message, fix) in zip(found, expected, strict=True):
        assert diagnostic.message.startswith(message)
        assert diagnostic.fix.startswith(fix)
        assert f"{path}:{line}:{column}: " in str(caught.value)


def test_a_password_in_a_url_is_not_repeated() -> None:
    with pytest.raises(DocumentError) as caught:
        load_policy(BROKEN / "password_in_url.yaml")
    assert "hunter2" not in str(caught.value)
