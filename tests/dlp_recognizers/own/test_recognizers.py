"""Recognizers that people write: what is refused and where, and what the engine finds with what is taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from dlp_recognizers.engine import Engine, EngineSettings, create
from dlp_recognizers.own.bundle import OwnData, compile_own
from dlp_recognizers.own.sources import DocumentSource, ListSource, OwnSources
from gateway.diagnostics import Diagnostic, DocumentError
from gateway.model import Level

GOOD = r"""version: 1
recognizers:
  - name: badge
    entity: PERSONAL_BADGE
    level: confidential
    score: 0.4
    patterns: ['\bAB-[0-9]{6}\b']
    checksum: luhn
    context: {words: [badge, Ausweis, "пропуск"], boost: 0.4}
    tests:
      finds: ["Her badge is AB-123455"]
      leaves: ["Her badge is AB-123456", "part AB-123455"]
  - name: build-token
    entity: SECRET_BUILD_TOKEN
    score: 0.9
    patterns: ['\bbt_[a-z0-9]{20}\b']
    allow: [bt_00000000000000000000]
    tests:
      finds: [bt_abcdefghij0123456789]
      leaves: [bt_short, bt_00000000000000000000]
  - name: mergers
    entity: CODE_NAME
    deny: [Blue Heron]
    tests: {finds: [the blue-heron deal], leaves: [a heron]}
allow:
  - {entity: EMAIL_ADDRESS, value: info@corp-one.com}
"""


def load(text: str, file: str = "own.yaml") -> OwnData:
    return compile_own(OwnSources(documents=(DocumentSource(file, text),)))


def faults(text: str) -> list[Diagnostic]:
    with pytest.raises(DocumentError) as caught:
        load(text)
    return list(caught.value.diagnostics)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return create({"own": load(GOOD).sources.plain()})


def found(engine: Engine, text: str) -> dict[str, list[str]]:
    result: dict[str, list[str]] = {}
    for hit in engine.scan(text):
        if hit.score >= 0.5:
            result.setdefault(hit.entity, []).append(text[hit.start : hit.end])
    return result


@pytest.mark.parametrize(
    ("text", "entity", "value"),
    [
        ("Ausweis AB-123455.", "PERSONAL_BADGE", "AB-123455"),
        ("пропуск AB-123455", "PERSONAL_BADGE", "AB-123455"),
        ("badge AB-12\u200b3455", "PERSONAL_BADGE", "AB-12\u200b3455"),
        ("badge ＡＢ-１２３４５５", "PERSONAL_BADGE", "ＡＢ-１２３４５５"),
        ("x YnRfYWJjZGVmZ2hpajAxMjM0NTY3ODk= y", "SECRET_BUILD_TOKEN", "YnRfYWJjZGVmZ2hpajAxMjM0NTY3ODk="),
        (r"bt\u005fabcdefghij0123456789", "SECRET_BUILD_TOKEN", r"bt\u005fabcdefghij0123456789"),
        ("the BLUE  heron deal", "CODE_NAME", "BLUE  heron"),
        ("the Вlue Heron deal", "CODE_NAME", "Вlue Heron"),
    ],
)
def test_they_run_over_every_reading_of_a_text(engine: Engine, text: str, entity: str, value: str) -> None:
    assert value in found(engine, text).get(entity, [])


def test_context_raises_checksum_refuses_and_allow_is_exact(engine: Engine) -> None:
    assert "PERSONAL_BADGE" not in found(engine, "part AB-123455")
    assert "PERSONAL_BADGE" not in found(engine, "badge AB-123456")
    assert "SECRET_BUILD_TOKEN" not in found(engine, "bt_00000000000000000000")
    assert "SECRET_BUILD_TOKEN" in found(engine, "bt_00000000000000000001")
    assert found(engine, "mail info@corp-one.com or INFO@corp-one.com")["EMAIL_ADDRESS"] == ["INFO@corp-one.com"]


def test_an_own_finding_and_another_of_the_same_place_both_stay() -> None:
    text = GOOD.replace("PERSONAL_BADGE", "PERSONAL_STAFF").replace(r"\bAB-[0-9]{6}\b", "[a-z.]+@staff.example")
    text = text.replace("checksum: luhn", "allow: []").replace("Her badge is AB-123455", "badge a.b@staff.example")
    text = (
        text.replace("score: 0.4", "score: 0.7").replace("Her badge is AB-123456", "a").replace("part AB-123455", "b")
    )
    text = text.replace("staff.example", "staff-mail.com").replace("@staff.com", "@staff-mail.com")
    entities = set(found(create({"own": load(text).sources.plain()}), "Mail ada.example@staff-mail.com"))
    assert entities >= {"EMAIL_ADDRESS", "PERSONAL_STAFF"}


def test_required_context(tmp_path: Path) -> None:
    own = load(GOOD.replace("boost: 0.4", "required: true, before: 12, after: 0").replace("score: 0.4", "score: 0.6"))
    engine = Engine(EngineSettings(), own=own)
    assert "PERSONAL_BADGE" in found(engine, "Ausweis: AB-123455")
    assert "PERSONAL_BADGE" not in found(engine, "AB-123455 Ausweis")
    assert "PERSONAL_BADGE" not in found(engine, "Ausweis, and then much later AB-123455")


def test_levels_and_versions() -> None:
    own = load(GOOD)
    assert own.levels == {"PERSONAL_BADGE": Level.CONFIDENTIAL, "SECRET_BUILD_TOKEN": None, "CODE_NAME": None}
    assert own.version == load(GOOD).version
    assert own.version != load(GOOD.replace("0.9", "0.8")).version
    versions = {create({}).version, Engine(EngineSettings(), own=own).version}
    versions.add(Engine(EngineSettings(), own=load(GOOD.replace("0.9", "0.8"))).version)
    assert len(versions) == 3, "what is cached for one must not serve another"


def test_of_several_levels_for_an_entity_the_highest_counts() -> None:
    lists = (
        ListSource("a.txt", "Blue Heron", "CODE_NAME", "internal"),
        ListSource("b.txt", "Jay x", "CODE_NAME", "restricted"),
    )
    assert compile_own(OwnSources(lists=lists)).levels == {"CODE_NAME": Level.RESTRICTED}


@pytest.mark.parametrize(
    ("change", "place", "code"),
    [
        ((r"\bAB-[0-9]{6}\b", r"(?<=x)AB-[0-9]{6}"), (7, 16), "pattern-syntax"),
        ((r"\bAB-[0-9]{6}\b", r"(?:AB)?"), (7, 16), "pattern-empty"),
        ((r"\bAB-[0-9]{6}\b", r"[A-Za-z]+"), (7, 16), "pattern-everywhere"),
        (("checksum: luhn", "checksum: luhnn"), (8, 15), "unknown-checksum"),
        (("entity: PERSONAL_BADGE", "entity: BADGE"), (4, 13), "unknown-entity"),
        (("entity: PERSONAL_BADGE", "entity: MARKING_PUBLIC"), (4, 13), "entity"),
        (("entity: PERSONAL_BADGE", "entity: PERSON"), (5, 12), "level"),
        (("score: 0.4", "score: 4"), (6, 12), "bad-value"),
        (("    score: 0.4\n", "    scores: 0.4\n"), (6, 5), "unknown-key"),
        (("Her badge is AB-123455", "Her badge is AB-123450"), (11, 15), "test-failed"),
        (('"part AB-123455"', '"badge AB-123455"'), (12, 42), "test-failed"),
        (("name: build-token", "name: badge"), (13, 11), "duplicate-id"),
        (("    deny: [Blue Heron]\n", ""), (21, 5), "no-pattern"),
        (("deny: [Blue Heron]", "deny: [xy]"), (23, 12), "short-term"),
        (("EMAIL_ADDRESS, value", "EMAIL_ADRESS, value"), (26, 14), "unknown-entity"),
        (("    tests: {finds: [the blue-heron deal], leaves: [a heron]}\n", ""), (21, 5), "missing-key"),
        (("leaves: [a heron]", "leaves: []"), (24, 51), "empty-list"),
        (("version: 1", "version: 2"), (1, 10), "choice"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_every_fault_has_its_place_and_a_fix(change: tuple[str, str], place: tuple[int, int], code: str) -> None:
    assert GOOD.count(change[0]) == 1 or code == "unknown-entity"
    (fault,) = faults(GOOD.replace(*change, 1))
    assert (fault.file, fault.line, fault.column, fault.code) == ("own.yaml", *place, code)
    assert fault.fix


def test_all_faults_of_all_files_come_at_once() -> None:
    broken = GOOD.replace("luhn", "luhnn")
    sources = OwnSources(
        documents=(DocumentSource("a.yaml", broken), DocumentSource("b.yaml", GOOD.replace("name: ", "name: b-"))),
        lists=(ListSource("c.txt", "# nothing\n", "CODE_NAME", ""), ListSource("d.txt", "Heron\nxy\n", "NOPE", "")),
    )
    with pytest.raises(DocumentError) as caught:
        compile_own(sources)
    assert {(each.file, each.line, each.code) for each in caught.value.diagnostics} == {
        ("a.yaml", 8, "unknown-checksum"), ("c.txt", 1, "empty-list"), ("d.txt", 2, "short-term"),
        ("d.txt", 1, "unknown-entity"),
    }  # fmt: skip


def test_a_scan_process_gets_all_of_it_as_plain_values() -> None:
    import orjson

    own = load(GOOD)
    sent = orjson.loads(orjson.dumps(own.sources.plain()))
    assert OwnSources.from_plain(sent) == own.sources
    assert create({"own": sent}).version == Engine(EngineSettings(), own=own).version
    assert "bt_0000" not in repr(own) and "Blue" not in repr(own)
