from __future__ import annotations

import base64
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.diagnostics import DocumentError
from gateway.keys import load_keys, new_key_file

KEY = base64.b64encode(bytes(range(32))).decode()
OLD = base64.b64encode(bytes(range(32, 64))).decode()


def written(tmp_path: Path, text: str, mode: int = 0o600) -> Path:
    path = tmp_path / "gateway.keys"
    path.write_text(text)
    path.chmod(mode)
    return path


def faults(path: Path) -> list[str]:
    with pytest.raises(DocumentError) as caught:
        load_keys(path)
    assert KEY[:12] not in str(caught.value)
    return [each.code for each in caught.value.diagnostics]


TWO = f"""\
version: 1
keys:
  - {{id: new, key: "{KEY}", created: "2026-01-02"}}
  - {{id: old, key: "{OLD}", created: "2025-01-02"}}
"""


def test_the_first_key_is_the_active_one(tmp_path: Path) -> None:
    ring = load_keys(written(tmp_path, TWO))
    assert ring.active_id == "new"
    assert [key.id for key in ring.keys] == ["new", "old"]
    old = ring.by_id("old")
    assert old is not None
    assert old.derive("a") != ring.derive("a")
    assert ring.by_id("none") is None


def test_derived_keys_are_stable_and_different_for_each_purpose(tmp_path: Path) -> None:
    ring = load_keys(written(tmp_path, TWO))
    assert ring.derive("prompt-hash") == load_keys(tmp_path / "gateway.keys").derive("prompt-hash")
    assert len({ring.derive("prompt-hash"), ring.derive("placeholder"), bytes(range(32))}) == 3
    # RFC 5869 with SHA-256, no salt, info "llmgw/v1/prompt-hash", worked out apart with hmac
    import hashlib
    import hmac

    extracted = hmac.digest(bytes(32), bytes(range(32)), hashlib.sha256)
    assert ring.derive("prompt-hash") == hmac.digest(extracted, b"llmgw/v1/prompt-hash\x01", hashlib.sha256)


def test_nothing_prints_a_key(tmp_path: Path) -> None:
    assert repr(bytes(range(32)))[:20] not in repr(load_keys(written(tmp_path, TWO)))


@pytest.mark.parametrize(
    ("mode", "refused"), [(0o600, False), (0o400, False), (0o640, False), (0o644, True), (0o660, True)]
)
def test_a_file_open_to_others_is_refused(tmp_path: Path, mode: int, refused: bool) -> None:
    path = written(tmp_path, TWO, mode)
    if refused:
        with pytest.raises(DocumentError, match=f"chmod 600 {path}"):
            load_keys(path)
    else:
        assert load_keys(path).active_id == "new"


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("version: 1\nkeys: []\n", ["empty-list"]),
        (TWO.replace("id: old", "id: new"), ["duplicate-id"]),
        (TWO.replace(KEY, KEY[:-4]), ["bad-key"]),
        (TWO.replace(KEY, "A" * 43 + "="), ["bad-key"]),
        (TWO.replace(KEY, "not base64"), ["bad-key"]),
        (TWO.replace("created", f'"{KEY}"', 1), ["missing-key", "unknown-key"]),
        (f"version: 1\n{KEY}: 1\n", ["missing-key", "unknown-key"]),
    ],
)
def test_broken_key_files_say_what_is_wrong_and_no_key(tmp_path: Path, text: str, codes: list[str]) -> None:
    assert faults(written(tmp_path, text)) == codes


def test_a_new_key_file_loads_and_differs_each_time(tmp_path: Path) -> None:
    now = datetime(2026, 1, 17, tzinfo=UTC)
    first, second = new_key_file(now), new_key_file(now)
    assert first != second
    assert load_keys(written(tmp_path, first)).active_id == "k20260117"
