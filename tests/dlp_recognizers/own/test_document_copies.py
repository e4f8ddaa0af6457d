from __future__ import annotations

import random
import secrets
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.own_texts import Documents, prose
from dlp_recognizers.hits import Hit
from dlp_recognizers.own.document_copies import CopyFinder, Threshold
from dlp_recognizers.own.fingerprint_build import TEXT_OPENERS, FingerprintBuilder, FingerprintReport, read_documents
from dlp_recognizers.own.fragments import joined
from dlp_recognizers.own.match_build import TableName
from dlp_recognizers.own.table_file import read_header, verify_body
from dlp_recognizers.own.winnow import RUN, WINDOW, fingerprints_of
from dlp_recognizers.own.words import words_of
from gateway.errors import ConfigurationError
from gateway.model import Finding, ScanResult

USUAL = Threshold(160, 0.5)
KEY = secrets.token_bytes(32)
MADE = Documents()
TEXTS = [MADE.text(number, words=400) for number in range(20)]


def build(path: Path, *texts: str, without: str = "") -> FingerprintReport:
    builder = FingerprintBuilder(KEY)
    if without:
        builder.leave_out(without)
    builder.add_all((f"file-{number}.txt", text) for number, text in enumerate(texts))
    return builder.write(path, TableName("docs", "k1", KEY, "restricted"))


def finder(path: Path, threshold: Threshold = USUAL) -> CopyFinder:
    header = read_header(path, "fingerprints", [("k1", KEY)])
    verify_body(header)
    return CopyFinder(header, threshold)


def find(path: Path, text: str, threshold: Threshold = USUAL) -> list[Hit]:
    return list(finder(path, threshold).find(text, words_of(text)))


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("prints") / "docs.prints"
    build(path, *TEXTS)
    return path


# Schleimer, Wilkerson, Aiken 2003, section 3.1: any match at least as long as the guarantee threshold is detected.
@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(0, 120), st.integers(0, 120), st.integers(0, 60))
def test_what_two_texts_share_for_long_enough_gives_a_fingerprint(
    chance: random.Random, before: int, after: int, more: int
) -> None:
    def letters(count: int) -> str:
        return "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=count))

    shared = letters(RUN + WINDOW - 1 + more)
    one = fingerprints_of(words_of(letters(before) + shared + letters(after)), KEY)
    other = fingerprints_of(words_of(letters(after) + shared + letters(before)), KEY)
    assert np.intersect1d(one.hashes, other.hashes).size


def test_fingerprints_are_few_and_stand_in_order() -> None:
    prints = fingerprints_of(words_of(TEXTS[0]), KEY)
    letters = sum(map(len, words_of(TEXTS[0]).words))
    assert letters / WINDOW < len(prints.hashes) < 2.5 * letters / (WINDOW + 1)
    assert (np.diff(prints.places) > 0).all() and prints.places[-1] + RUN <= letters
    assert not np.intersect1d(prints.hashes, fingerprints_of(words_of(TEXTS[0]), secrets.token_bytes(32)).hashes).size


@pytest.mark.parametrize("text", ["", "short", "a" * RUN, "ab " * 500, "\ud800 lone " * 30, "日本語" * 200])
def test_any_text_has_fingerprints_or_none(text: str) -> None:
    prints = fingerprints_of(words_of(text), KEY)
    assert len(prints.hashes) == len(prints.places)


def test_a_whole_copy_in_a_prompt_is_found_where_it_stands(table: Path) -> None:
    before, after = prose()[:3_000], prose()[5_000:8_000]
    text = f"{before}\n\n{TEXTS[3]}\n\n{after}"
    hits = [hit for hit in find(table, text) if hit.score >= 0.5]
    assert {hit.recognizer for hit in hits} == {"fingerprints:docs#3"}
    assert {hit.entity for hit in hits} == {"DOCUMENT_COPY"}
    start, end = min(hit.start for hit in hits), max(hit.end for hit in hits)
    assert abs(start - len(before)) < 200 and abs(end - len(before) - len(TEXTS[3])) < 200
    assert sum(hit.end - hit.start for hit in hits) > 0.9 * len(TEXTS[3])


@pytest.mark.parametrize("number", range(0, 20, 4))
def test_parts_other_case_other_lines_and_edits_are_found(table: Path, number: int) -> None:
    text, chance = TEXTS[number], random.Random(number)
    paragraph = max(text.split("\n\n"), key=len)
    for copy in (
        paragraph, paragraph.upper(), paragraph.replace(" ", "\n> "), f"**{paragraph}**".replace(". ", "...  "),
        MADE.edited(text, 0.1, chance), text[len(text) // 2 :],
    ):  # fmt: skip
        assert any(hit.score >= 0.5 and hit.recognizer.endswith(f"#{number}") for hit in find(table, copy))


def test_unrelated_text_is_no_copy(table: Path) -> None:
    for text in (prose()[:200_000], *(MADE.text(number) for number in range(500, 540))):
        assert [hit for hit in find(table, text) if hit.score >= 0.5] == []


def test_a_sentence_alone_is_a_fragment_that_does_not_count(table: Path) -> None:
    sentence = TEXTS[5][:90]
    assert all(hit.score < 0.5 for hit in find(table, sentence))
    assert any(hit.score >= 0.5 for hit in find(table, sentence, Threshold(40, 0.5))), "a lower threshold takes it"


def test_half_of_a_short_document_is_a_copy_by_its_share(tmp_path: Path) -> None:
    short = "The board agreed to buy the bakery in Springfield for nine million, payable in March, "
    short += "if nobody objects before the meeting of the owners on the ninth, at which the price may still be changed."
    build(tmp_path / "t", short)
    assert any(hit.score >= 0.5 for hit in find(tmp_path / "t", f"fyi: {short[:150]}", Threshold(2_000, 0.5)))
    assert not any(hit.score >= 0.5 for hit in find(tmp_path / "t", f"fyi: {short[:150]}", Threshold(2_000, 1.0)))


def spread(table: Path, *texts: str) -> ScanResult:
    engine = finder(table)
    found = [
        Finding(index, hit.start, hit.end, hit.entity, hit.score, hit.recognizer)
        for index, text in enumerate(texts)
        for hit in engine.find(text, words_of(text))
    ]
    return joined(ScanResult(tuple(found), True))


def test_fragments_over_many_spans_add_up(table: Path) -> None:
    parts = [TEXTS[7][at : at + 100] for at in range(200, 1_900, 280)]
    assert all(each.score < 0.5 for each in spread(table, parts[0]).findings)
    together = spread(table, *parts).findings
    assert together and all(each.score >= 0.5 for each in together)
    assert {each.recognizer for each in together} == {"fingerprints:docs#7"}


def test_the_same_fragment_again_and_again_is_one(table: Path) -> None:
    part = TEXTS[7][200:300]
    assert all(each.score < 0.5 for each in spread(table, *[part] * 12).findings)


def test_fragments_of_different_documents_do_not_add_up(table: Path) -> None:
    parts = [text[200:290] for text in TEXTS[:6]]
    assert all(each.score < 0.5 for each in spread(table, *parts).findings)


def test_what_is_public_is_left_out_and_short_and_unreadable_files_are_told(tmp_path: Path) -> None:
    footer = "This message is confidential and meant for its addressee alone; delete it if you are somebody else. " * 3
    report = build(tmp_path / "t", TEXTS[0] + footer, "too short", without=footer)
    assert (report.documents, report.short) == (("file-0.txt",), ("file-1.txt",))
    assert find(tmp_path / "t", footer) == []
    assert any(hit.score >= 0.5 for hit in find(tmp_path / "t", TEXTS[0]))
    with pytest.raises(ConfigurationError, match="no document"):
        build(tmp_path / "u", "too short")


def test_a_passage_of_many_documents_is_found_all_the_same(tmp_path: Path) -> None:
    clause = MADE.text(900, words=120)
    build(tmp_path / "t", *(f"{MADE.text(number, words=100)}\n\n{clause}" for number in range(30)))
    assert any(hit.score >= 0.5 for hit in find(tmp_path / "t", clause))


def test_folders_are_read_in_order_and_markup_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.html").write_text("<html><style>p{}</style><p>Caf&eacute;</p><script>x()</script>end</html>")
    (tmp_path / "a.txt").write_bytes("\ufeffplain".encode())
    (tmp_path / "c.pdf").write_bytes(b"%PDF-1.7")
    (tmp_path / "d.txt").write_bytes(b"a\0b")
    (tmp_path / ".hidden.txt").write_text("x")
    (tmp_path / "link.txt").symlink_to(tmp_path / "a.txt")
    found = dict(read_documents(tmp_path, TEXT_OPENERS))
    assert list(found) == ["a.txt", "c.pdf", "d.txt", "sub/b.html"]
    assert found["a.txt"] == "plain" and found["c.pdf"] is None and found["d.txt"] is None
    html = found["sub/b.html"]
    assert html is not None and html.split() == ["Café", "end"]


def test_no_text_and_no_name_is_in_the_file(table: Path) -> None:
    data = table.read_bytes().lower()
    assert b"file-" not in data
    for text in TEXTS:
        letters = "".join(words_of(text).words)
        for at in range(0, len(letters) - 12, 97):
            assert letters[at : at + 12].encode() not in data
