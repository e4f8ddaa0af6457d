"""Values that are cut over strings of a request, or over requests, are found and told for each piece."""

from __future__ import annotations

import random
import time

import pytest

from benchmarks import texts
from dlp_recognizers.engine import Engine
from dlp_recognizers.joins import joins_of
from dlp_recognizers.local import LocalScanner
from dlp_recognizers.stitching import Stitching
from dlp_recognizers.tails import Tails
from gateway.model import Finding, SpanKind, TextSpan

CARD = "4539148803436467"
MAIL = "wilma.roe@corp.example"


def spans(*pieces: str, kind: SpanKind = SpanKind.TEXT) -> list[TextSpan]:
    return [TextSpan(f"/messages/{at}/content", piece, kind) for at, piece in enumerate(pieces)]


def found(engine: Engine, given: list[TextSpan]) -> dict[str, list[str]]:
    result = LocalScanner(engine).scan_sync(given)
    assert result.complete
    seen: dict[str, list[str]] = {}
    for each in sorted(result.findings, key=lambda finding: (finding.span, finding.start)):
        if each.score >= 0.5:
            seen.setdefault(each.entity, []).append(given[each.span].text[each.start : each.end])
    return seen


CUT = {
    "two strings": ((f"my card is {CARD[:7]}", f"{CARD[7:]} ok?"), "CREDIT_CARD", [CARD[:7], CARD[7:]]),
    "three strings": ((f"card {CARD[:5]}", CARD[5:9], CARD[9:]), "CREDIT_CARD", [CARD[:5], CARD[5:9], CARD[9:]]),
    "long strings": (
        (f"{'Some words. ' * 20}Write to wilma.roe@co", f"rp.example now. {'More words. ' * 20}"),
        "EMAIL_ADDRESS",
        ["wilma.roe@co", "rp.example"],
    ),
    "an answer between": ((MAIL[:10], "Yes, go on.", MAIL[10:]), "EMAIL_ADDRESS", [MAIL[:10], MAIL[10:]]),
    "words beside": (("card:", CARD[:8], CARD[8:], "thanks"), "CREDIT_CARD", [CARD[:8], CARD[8:]]),
}


@pytest.mark.parametrize("case", CUT)
def test_each_piece_of_a_cut_value_is_a_finding(engine: Engine, case: str) -> None:
    pieces, entity, expected = CUT[case]
    assert found(engine, spans(*pieces))[entity] == expected


def test_keys_hold_pieces_too(engine: Engine) -> None:
    given = [
        TextSpan("/input/wilma.roe@", "wilma.roe@", SpanKind.KEY),
        TextSpan("/input/wilma.roe@", "corp.example"),
    ]
    assert found(engine, given)["EMAIL_ADDRESS"] == ["wilma.roe@", "corp.example"]


def test_a_private_key_that_goes_on_in_the_next_string(engine: Engine) -> None:
    rng = random.Random(3)
    lines = ["".join(rng.choices("ABCDEFGHIJKLMNOPabcdefghijklmnop0123456789+/", k=64)) for _ in range(12)]
    end = f"-----END PRIVATE {'KEY'}-----"
    first = f"here: -----BEGIN PRIVATE {'KEY'}-----\n" + "\n".join(lines[:6])
    second = "\n".join(lines[6:]) + f"\n{end} bye"
    pieces = found(engine, spans(first, second))["PRIVATE_KEY"]
    assert any(piece.endswith(end) and piece.startswith(lines[6]) for piece in pieces)


QUIET = (
    ("Thank you for the invoice 4821.", "The second one was 3377 euros."),
    ("abc", "def", "ghi"),
    ("2026-01-05", "10:11:12", "200"),
    ("text", "application/json", "object", "string"),
)


@pytest.mark.parametrize("pieces", QUIET)
def test_ordinary_strings_make_no_value(engine: Engine, pieces: tuple[str, ...]) -> None:
    joined = [each for each in LocalScanner(engine).scan_sync(spans(*pieces)).findings if "joined" in each.recognizer]
    assert joined == []


def test_a_value_that_is_whole_by_itself_takes_nothing_from_the_string_beside_it(engine: Engine) -> None:
    assert found(engine, spans("hello", MAIL, "world")) == {"EMAIL_ADDRESS": [MAIL]}


def test_sealed_text_is_not_joined() -> None:
    assert joins_of(spans(CARD[:8], CARD[8:], kind=SpanKind.SEALED)) == []


def test_a_value_cut_over_two_requests_is_found_in_the_second(engine: Engine) -> None:
    stitching = Stitching(Tails())
    scanner = LocalScanner(engine)

    def ask(agent: str, text: str, now: float) -> list[Finding]:
        given = spans(text)
        scanned, finish = stitching.prepare(given, agent, now)
        return [each for each in finish(scanner._scan(scanned)).findings if each.score >= 0.5]

    assert ask("a", f"the first half: {CARD[:8]}", 0.0) == []
    assert ask("b", f"{CARD[8:]} is the rest", 1.0) == [], "agents do not share"
    (second,) = ask("a", f"{CARD[8:]} is the rest", 2.0)
    assert (second.span, second.start, second.end, second.entity) == (0, 0, 8, "CREDIT_CARD")
    assert ask("a", f"{CARD[8:]} is the rest", 5000.0) == [], "too long ago"


def test_what_an_incomplete_scan_saw_is_not_remembered(engine: Engine) -> None:
    tails = Tails()
    stitching = Stitching(tails)
    stitching.prepare(spans(CARD[:8]), "a", 0.0)
    assert tails.recall("a", now=0.0) == ()


def test_tails_are_bounded_and_say_nothing_of_themselves() -> None:
    tails = Tails(agents=2, each=2)
    for agent in "abc":
        for at in range(5):
            tails.remember(agent, spans(f"{'x' * 5000} 1234567{at}"), now=0.0)
    assert tails.recall("a", now=1.0) == ()
    kept = tails.recall("c", now=1.0)
    assert [text[-8:] for text in kept] == ["12345674", "12345673"]
    assert all(len(text) <= 160 for text in kept)
    assert "1234" not in repr(tails)


def test_joining_is_linear_and_adds_little_to_a_conversation() -> None:
    rng = random.Random(9)
    talk = spans(*(texts.text(rng, 980) for _ in range(100)))
    joined = sum(len(join.text) for join in joins_of(talk))
    assert joined <= 0.05 * sum(len(span.text) for span in talk)
    short = [TextSpan(f"/x/{at}", f"{rng.randrange(10**6)}") for at in range(20_000)]
    start = time.process_time()
    assert sum(len(join.text) for join in joins_of(short)) < 8 * sum(len(span.text) for span in short)
    assert time.process_time() - start < 3


@pytest.mark.parametrize("word", ["Who is that?", "sure, I will", "zqbcdfghzq <td>"])
def test_a_plain_word_behind_a_whole_secret_is_no_part_of_it(engine: Engine, word: str) -> None:
    token = "ghp" + "_" + "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bD1fG3hJ5"
    assert [value for values in found(engine, spans(token, word)).values() for value in values] == [token]
