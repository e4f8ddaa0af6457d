from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.diagnostics import DocumentError, did_you_mean
from gateway.document_model import Document, validate_text
from gateway.documents import MAX_BYTES, load_settings, read_text
from gateway.errors import ConfigurationError
from gateway.yaml_tree import parse


class Inner(Document):
    names: tuple[str, ...] = ()
    share: float = 0.5


class Sample(Document):
    word: str
    count: int = 1
    on: bool = False
    inner: Inner = Inner()


def faults(text: str) -> list[tuple[int, int, str]]:
    with pytest.raises(DocumentError) as caught:
        validate_text(text, "sample.yaml", Sample)
    assert all(each.fix and each.message for each in caught.value.diagnostics)
    return [(each.line, each.column, each.code) for each in caught.value.diagnostics]


def test_a_good_document() -> None:
    sample, source = validate_text(
        'word: "no"\ncount: 3\n"on": true\ninner:\n  names: [a, "010"]\n  share: 1\n', "sample.yaml", Sample
    )
    assert sample == Sample(word="no", count=3, on=True, inner=Inner(names=("a", "010"), share=1.0))
    assert source.position(("inner", "names", 1)) == (5, 14)
    assert source.position(("inner", "share"), key=True) == (6, 3)


def test_every_fault_in_one_run() -> None:
    text = "word: 1\ncuont: 2\ncount: many\ninner:\n  names: a\n  share: yes\n"
    assert faults(text) == [
        (1, 7, "wrong-type"),
        (2, 1, "unknown-key"),
        (3, 8, "wrong-type"),
        (5, 10, "wrong-type"),
        (6, 10, "ambiguous"),
    ]


@pytest.mark.parametrize(
    "value",
    ["no", "No", "OFF", "y", "010", "0o17", "0x1F", "22:22", "1:30:00", "2026-01-17", "2026-01-17T10:00:00Z", "1_000",
     ".5", "5.", ".inf", "-.INF", ".nan", "12345678901234567890", "=", "~"],
)  # fmt: skip
def test_what_readers_of_yaml_disagree_about_is_refused_unquoted(value: str) -> None:
    assert faults(f"word: {value}\n") == [(1, 7, "ambiguous")]
    assert validate_text(f'word: "{value}"\n', "sample.yaml", Sample)[0].word == value


@pytest.mark.parametrize("value", ["null", "", "1", "1.5", "1e3", "true", "[a]", "{a: b}"])
def test_nothing_but_text_is_text(value: str) -> None:
    assert [code for _, _, code in faults(f"word: {value}\n")] == ["wrong-type"]


@pytest.mark.parametrize(("value", "code"), [("1.0", "wrong-type"), ("true", "wrong-type"), ('"1"', "wrong-type")])
def test_nothing_but_a_whole_number_is_one(value: str, code: str) -> None:
    assert faults(f"word: a\ncount: {value}\n") == [(2, 8, code)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        ("# only a comment\n", "empty"),
        ("- a\n", "wrong-type"),
        ("text\n", "wrong-type"),
        ("word: &a x\ninner: {names: [*a]}\n", "anchor"),
        ("word: a\n---\nword: b\n", "documents"),
        ("word: a\n...\nword: b\n", "syntax"),
        ("%TAG ! tag:example,2000:\n---\nword: a\n", "directive"),
        ("word: a\nword: b\n", "duplicate-key"),
        ("word: a\n'word': b\n", "duplicate-key"),
        ("<<: {word: a}\n", "merge-key"),
        ("? {a: b}\n: c\n", "key-type"),
        ("word: !!binary aGk=\n", "tag"),
        ("word: ! a\n", "tag"),
        ("word: a\n\tcount: 1\n", "tab"),
        ("word: a\u202eb\n", "invisible"),
        ("word: a\u200bb\n", "invisible"),
        ("word: a\x00\n", "invisible"),
        ("word: a\u2028count: 7\n", "invisible"),
        ("word: 'a\n", "syntax"),
        ("word: @a\n", "syntax"),
        ("word: " + "[" * 100_000 + "\n", "depth"),
        ("word: " + "{a: " * 100_000 + "\n", "depth"),
        ("- " * 50_000 + "\n", "depth"),
    ],
)
def test_refused(text: str, code: str) -> None:
    assert code in [found for _, _, found in faults(text)]


def test_a_bomb_of_aliases_is_never_expanded() -> None:
    text = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(20)
    )
    assert "alias" in [code for _, _, code in faults(text)]


@given(st.text() | st.text(alphabet="ab:-[]{}&*!%@`\"'#|>?, \n\t\x00<~0.", max_size=60))
def test_no_text_is_anything_but_a_tree_or_diagnostics(text: str) -> None:
    root, found = parse(text, "x.yaml")
    assert root is not None or found
    for each in found:
        assert each.line >= 1
        assert each.column >= 1


def test_diagnostic_text_and_order() -> None:
    with pytest.raises(DocumentError) as caught:
        validate_text("wrod: secret-value-17\n", "sample.yaml", Sample)
    assert str(caught.value).splitlines() == [
        "sample.yaml:1:1: key word is missing; fix: add `word:` [missing-key]",
        "sample.yaml:1:1: unknown key wrod; fix: did you mean word? Known: count, inner, on, word [unknown-key]",
    ]
    assert isinstance(caught.value, ConfigurationError)


def test_did_you_mean() -> None:
    assert did_you_mean("Alpha", ["alpha", "beta"]) == "did you mean alpha? Known: alpha, beta"
    assert did_you_mean("zzz", ["alpha"]) == "use one of: alpha"
    assert did_you_mean("zzz", []) == "remove it"


def code_of(path: Path, *, private: bool = False) -> str:
    with pytest.raises(DocumentError) as caught:
        read_text(path, private=private)
    return caught.value.diagnostics[0].code


def test_only_small_regular_utf8_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "large").write_bytes(b"#" * (MAX_BYTES + 1))
    (tmp_path / "latin").write_bytes(b"a: b\nword: caf\xe9\n")
    (tmp_path / "bom").write_bytes(b"\xef\xbb\xbfword: a\n")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert code_of(tmp_path / "none") == "file-missing"
    assert code_of(tmp_path) == "file-kind"
    assert code_of(tmp_path / "fifo") == "file-kind"
    assert code_of(Path("/dev/zero")) == "file-kind"
    assert code_of(tmp_path / "large") == "file-size"
    assert code_of(tmp_path / "loop") == "file-access"
    assert read_text(tmp_path / "bom") == "word: a\n"
    with pytest.raises(DocumentError) as caught:
        read_text(tmp_path / "latin")
    assert [(d.line, d.column, d.code) for d in caught.value.diagnostics] == [(2, 10, "encoding")]


SETTINGS = """\
version: 1
listen: {certificate: c.crt, key: c.key, client_ca: ca.crt}
identity: {trust_domain: corp.example, registry: agents.yaml}
policy: sub/rules.yaml
keys: {file: gateway.keys}
canary: {certificate: c.crt, key: c.key}
"""


def test_paths_of_settings_are_seen_from_the_folder_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("c.crt", "c.key", "ca.crt", "agents.yaml", "sub/rules.yaml", "gateway.keys"):
        (tmp_path / name).touch()
    (tmp_path / "gateway.yaml").write_text(SETTINGS)
    monkeypatch.chdir(tmp_path)
    settings = load_settings(Path("gateway.yaml"))
    assert settings.listen.certificate == tmp_path / "c.crt"
    assert settings.policy == tmp_path / "sub" / "rules.yaml"
    assert settings.keys.file == tmp_path / "gateway.keys"
    assert settings.evidence.outbox == tmp_path / "state" / "outbox"
    assert settings.run.state == tmp_path / "state"
    assert settings.listen.client_crl is None


def test_each_file_that_is_not_there_is_a_fault_at_its_line(tmp_path: Path) -> None:
    (tmp_path / "c.crt").touch()
    (tmp_path / "c.key").touch()
    (tmp_path / "gateway.yaml").write_text(SETTINGS)
    with pytest.raises(DocumentError) as caught:
        load_settings(tmp_path / "gateway.yaml")
    assert [(d.line, d.column, d.message) for d in caught.value.diagnostics] == [
        (2, 53, "file ca.crt does not exist"),
        (3, 50, "file agents.yaml does not exist"),
        (4, 9, "file sub/rules.yaml does not exist"),
        (5, 14, "file gateway.keys does not exist"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("trust_domain: corp.example", 'trust_domain: "spiffe://corp.example"', (3, 26, "trust-domain")),
        ("trust_domain: corp.example", "trust_domain: Corp", (3, 26, "trust-domain")),
        ("registry: agents.yaml", "registry: agents.yaml, oauth: {issuer: i, audience: a}", (3, 70, "jwks-source")),
        (
            "registry: agents.yaml",
            'registry: agents.yaml, oauth: {issuer: "", audience: a, jwks_url: "https://login.example/keys"}',
            (3, 79, "empty-text"),
        ),
        (
            "registry: agents.yaml",
            'registry: agents.yaml, oauth: {issuer: i, audience: a, jwks_url: "http://login.example/keys"}',
            (3, 105, "clear-http"),
        ),
        ("version: 1", 'version: 1\nevidence: {redis: {url: "redis://:made-up@h:6379/0"}}', (2, 25, "inline-secret")),
        ("version: 1", 'version: 1\nevidence: {redis: {url: "http://h"}}', (2, 25, "redis-url")),
        ("version: 1", "version: 1\nrun: {workers: 8}\nadmin: {port: 65530}", (3, 15, "port")),
    ],
)
def test_settings_that_cannot_be_meant(tmp_path: Path, old: str, new: str, expected: tuple[int, int, str]) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("c.crt", "c.key", "ca.crt", "agents.yaml", "sub/rules.yaml", "gateway.keys"):
        (tmp_path / name).touch()
    (tmp_path / "gateway.yaml").write_text(SETTINGS.replace(old, new))
    with pytest.raises(DocumentError) as caught:
        load_settings(tmp_path / "gateway.yaml")
    assert [(d.line, d.column, d.code) for d in caught.value.diagnostics] == [expected]
    assert "made-up" not in str(caught.value)
