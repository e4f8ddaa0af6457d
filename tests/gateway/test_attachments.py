"""Attachments in the pure steps: spans, levels, rules, redaction, and what `explain` shows of them."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import orjson
import pytest

from gateway.attached import Attachment, Opened, PartRole, Reading, ReadPart, Rewrite, Rewritten
from gateway.attachments import MOST_CHARACTERS, with_opened
from gateway.classification import ClassificationTable, classify
from gateway.errors import Refused
from gateway.explain_findings import attachments_of, findings_of
from gateway.model import AgentRecord, Finding, Level, Operator, Profile, Prompt, ScanResult, SpanKind, TextSpan
from gateway.redaction import by_path, redact, rewrites, verify
from gateway.steps import changed_files, prompt_with

KEY = bytes(range(32))
MAIL = "ann@corp.example"
FILE = Attachment("/file", "text/csv", 8, "", base64.b64encode(f"x,{MAIL}".encode()).decode())
PII = Profile("pii", {"*": Operator.PLACEHOLDER})
AGENT = AgentRecord("a", "spiffe://x/a", "u", "t", Level.RESTRICTED)


def operator(_operator: Operator, _entity: str, _value: str) -> str:
    return "-"


def prompt(*attachments: Attachment, text: str = "hello") -> Prompt:
    body: dict[str, Any] = {"text": text, **{each.path[1:]: each.data for each in attachments}}
    return Prompt("openai.chat", "m", False, (TextSpan("/text", text),), attachments, body, models=())


def reading(*parts: tuple[PartRole, str], kind: str = "text/plain", unknown: tuple[str, ...] = ()) -> Reading:
    return Reading(kind, unknown, tuple(ReadPart(role, text) for role, text in parts))


def scanned(of: Prompt, *values: str) -> ScanResult:
    found = [
        Finding(index, at, at + len(value), "EMAIL_ADDRESS", 1.0, "test")
        for index, span in enumerate(of.spans)
        for value in values
        if (at := span.text.find(value)) >= 0
    ]
    return ScanResult(tuple(found), True)


SOURCE, VIEW, PIXELS = PartRole.SOURCE, PartRole.VIEW, PartRole.PIXELS


def test_texts_become_spans_of_the_attachment() -> None:
    got = with_opened(prompt(FILE), Opened((reading((SOURCE, "a"), (VIEW, "b")),)))
    assert [(span.path, span.text, span.kind) for span in got.spans[1:]] == [
        ("/file", "a", SpanKind.ATTACHED),
        ("/file", "b", SpanKind.ATTACHED),
    ]
    only = got.attachments[0]
    assert (only.content_type, only.unknown, [part.span for part in only.parts]) == ("text/plain", (), [1, 2])


def test_an_attachment_that_nobody_opened_is_unknown() -> None:
    assert FILE.unknown == ("unopened",)


def test_all_texts_together_are_bounded() -> None:
    long = "x" * (MOST_CHARACTERS // 2)
    files = [replace(FILE, path=f"/{n}") for n in range(3)]
    got = with_opened(prompt(*files), Opened((reading((VIEW, long)),) * 3))
    assert [each.unknown for each in got.attachments] == [(), (), ("characters",)]
    assert len(got.spans) == 3


@pytest.mark.parametrize("opened", [Opened((), False, "deadline"), Opened(())])
def test_what_was_not_opened_for_this_prompt_is_not_taken(opened: Opened) -> None:
    with pytest.raises(Refused) as caught:
        prompt_with(prompt(FILE), opened)
    assert caught.value.refusal.code == ("llmgw_internal_error" if opened.complete else "llmgw_scan_deadline")


TABLE = ClassificationTable({"*": Level.INTERNAL}, Level.CONFIDENTIAL, Level.PUBLIC, opened_attachments=Level.INTERNAL)


@pytest.mark.parametrize(
    ("unknown", "reasons"),
    [
        (("encrypted",), ("attachments of unknown content x1 (encrypted) -> confidential",)),
        ((), ("attachments x1 -> internal",)),
    ],
)
def test_levels(unknown: tuple[str, ...], reasons: tuple[str, ...]) -> None:
    got = with_opened(prompt(FILE), Opened((reading(unknown=unknown),)))
    said = classify(got, scanned(got), AGENT, TABLE)
    assert (said.level, said.reasons) == (Level.CONFIDENTIAL if unknown else Level.INTERNAL, reasons)


def test_what_is_found_in_a_file_counts_as_anything_found() -> None:
    got = with_opened(prompt(FILE), Opened((reading((VIEW, MAIL)),)))
    said = classify(got, scanned(got, MAIL), AGENT, replace(TABLE, opened_attachments=Level.PUBLIC))
    assert said.reasons == ("EMAIL_ADDRESS x1 -> internal",)


def change(got: Prompt, *values: str) -> tuple[Rewrite, ...]:
    return rewrites(got, scanned(got, *values), PII, key=KEY, operator=operator)


def refused(got: Prompt, *values: str, changed: dict[str, Rewritten] | None = None) -> str:
    with pytest.raises(Refused) as caught:
        redact(got, scanned(got, *values), PII, key=KEY, operator=operator, changed=changed or {})
    assert not any(value in caught.value.refusal.message for value in values)
    return caught.value.refusal.code


def test_a_text_is_rewritten_in_place() -> None:
    got = with_opened(prompt(FILE), Opened((reading((SOURCE, f"x,{MAIL}")),)))
    (wanted,) = change(got, MAIL)
    assert wanted.source is not None and wanted.source.startswith("x,[EMAIL_ADDRESS_")
    assert wanted.entities == ("EMAIL_ADDRESS",)
    new = base64.b64encode(wanted.source.encode()).decode()
    changed = {"/file": Rewritten(new, reading((SOURCE, wanted.source)))}
    redaction = redact(got, scanned(got, MAIL), PII, key=KEY, operator=operator, changed=changed)
    verify(redaction)
    assert orjson.loads(redaction.body) == {"text": "hello", "file": new}
    assert list(redaction.restore.values()) == [MAIL]


def test_a_value_found_in_the_prompt_alone_goes_from_the_file_too() -> None:
    got = with_opened(prompt(FILE, text=f"to {MAIL}"), Opened((reading((SOURCE, f"x,{MAIL}")),)))
    scan = ScanResult(tuple(each for each in scanned(got, MAIL).findings if each.span == 0), True)
    (wanted,) = rewrites(got, scan, PII, key=KEY, operator=operator)
    assert MAIL not in (wanted.source or "")


def test_without_its_new_content_a_file_is_not_sent() -> None:
    got = with_opened(prompt(FILE), Opened((reading((SOURCE, f"x,{MAIL}")),)))
    assert refused(got, MAIL) == "llmgw_attachment_not_redactable"


@pytest.mark.parametrize(
    "texts",
    [
        [(VIEW, f"page with {MAIL}")],
        [(SOURCE, "<p>ann<b>@corp.example</b></p>"), (VIEW, f"page with {MAIL}")],
        [(SOURCE, f"cdata {MAIL}"), (VIEW, "other@corp.example")],
    ],
    ids=["no source", "split by markup", "only in a view"],
)
def test_what_cannot_be_taken_out_is_refused(texts: list[tuple[PartRole, str]]) -> None:
    got = with_opened(prompt(FILE), Opened((reading(*texts),)))
    with pytest.raises(Refused) as caught:
        change(got, MAIL, "other@corp.example")
    assert caught.value.refusal.code == "llmgw_attachment_not_redactable"
    assert "EMAIL_ADDRESS" in caught.value.refusal.message


def test_short_values_in_a_view_cannot_be_looked_for() -> None:
    got = with_opened(prompt(FILE), Opened((reading((SOURCE, "a 123 b"), (VIEW, "cvv 123")),)))
    with pytest.raises(Refused):
        change(got, "123")


def test_a_file_without_anything_that_goes_stays() -> None:
    got = with_opened(prompt(FILE), Opened((reading((SOURCE, "nothing"), (VIEW, "nothing")),)))
    assert change(got, MAIL) == ()
    redaction = redact(got, scanned(got, MAIL), PII, key=KEY, operator=operator)
    assert orjson.loads(redaction.body)["file"] == FILE.data


def test_an_image_is_told_which_words_go() -> None:
    got = with_opened(
        prompt(FILE), Opened((reading((VIEW, f"artist {MAIL}"), (PIXELS, f"mail {MAIL}"), kind="image/png"),))
    )
    (wanted,) = change(got, MAIL)
    assert (wanted.source, wanted.pixels) == (None, ((5, 5 + len(MAIL)),))


@pytest.mark.parametrize(
    "done",
    [
        Rewritten(base64.b64encode(b"clean").decode(), reading((VIEW, f"a page with {MAIL}"))),
        Rewritten(base64.b64encode(f"x {MAIL}".encode()).decode(), reading((VIEW, "clean"))),
        Rewritten(base64.b64encode(f"x {MAIL}".encode("utf-16")).decode(), reading((VIEW, "clean"))),
        Rewritten(f"data:text/plain,x%20{MAIL}", reading((VIEW, "clean"))),
    ],
    ids=["openers say so", "bytes say so", "wide bytes say so", "data URL says so"],
)
def test_a_changed_file_that_still_holds_the_value_is_not_sent(done: Rewritten) -> None:
    got = with_opened(prompt(FILE), Opened((reading((SOURCE, f"x,{MAIL}")),)))
    assert refused(got, MAIL, changed={"/file": done}) == "llmgw_residual_value"


def test_a_string_that_is_a_text_as_well_is_not_changed_twice() -> None:
    odd = replace(prompt(FILE), spans=(TextSpan("/file", MAIL),))
    got = with_opened(odd, Opened((reading((SOURCE, MAIL)),)))
    done = Rewritten(base64.b64encode(b"clean").decode(), reading((SOURCE, "clean")))
    assert refused(got, MAIL, changed={"/file": done}) == "llmgw_attachment_not_redactable"


def test_what_the_openers_could_not_change_is_refused() -> None:
    wanted = Rewrite(FILE, ("EMAIL_ADDRESS",), source="x")
    with pytest.raises(Refused) as caught:
        by_path((wanted,), (None,))
    assert caught.value.refusal.code == "llmgw_attachment_not_redactable"
    from gateway.attached import Rewrites

    with pytest.raises(Refused) as caught:
        changed_files((wanted,), Rewrites((), False, "queue_full"))
    assert caught.value.refusal.code == "llmgw_scan_busy"


def test_a_look_alike_in_a_file_is_left_alone() -> None:
    text = "see [EMAIL_ADDRESS_abcdefghijkl]"
    got = with_opened(prompt(FILE), Opened((reading((VIEW, text)),)))
    assert change(got) == ()


def test_explain_shows_places_and_names_alone() -> None:
    got = with_opened(prompt(FILE), Opened((reading((SOURCE, f"x,{MAIL}"), unknown=("frames",)),)))
    scan = scanned(got, MAIL)
    (finding,) = findings_of(got, scan)
    assert (finding["path"], finding["start"], finding["end"], finding["in"]) == ("/file", None, None, "attached")
    assert list(attachments_of(got, scan)) == [
        {
            "path": "/file",
            "media_type": "text/csv",
            "content_type": "text/plain",
            "size": 8,
            "state": "unknown",
            "unknown": ["frames"],
            "findings": {"EMAIL_ADDRESS": 1},
        }
    ]


def test_nothing_prints_content_or_names() -> None:
    named = replace(FILE, name="maria.csv")
    got = with_opened(prompt(named), Opened((reading((SOURCE, f"x,{MAIL}")),)))
    shown = (
        f"{got!r} {got.attachments!r} {change(got, MAIL)!r} {reading((SOURCE, MAIL))!r} {Rewritten(MAIL, reading())!r}"
    )
    assert MAIL not in shown and "maria" not in shown and FILE.data[:8] not in shown
