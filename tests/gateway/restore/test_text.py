from __future__ import annotations

import json
import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.redaction.placeholders import MAX_LENGTH
from gateway.restore.links import LinkTracker
from gateway.restore.text import Escape, Table, Tally, TextRestorer
from tests.gateway.restore.goldens import EMAIL, MASK, NAME, UNKNOWN, VALUES

TABLE = Table.of(VALUES, (MASK,))


def restored(chunks: list[str], *, table: Table = TABLE, in_urls: bool = False, escape: Escape = Escape.NONE) -> str:
    restorer = TextRestorer(table, escape=escape, in_urls=in_urls)
    return "".join([restorer.feed(chunk) for chunk in chunks]) + restorer.flush()


PARTS = [
    *(EMAIL, NAME, UNKNOWN, MASK, EMAIL[:9], MASK[:6]),
    *(
        "[",
        "](",
        "://",
        "https:",
        'src="',
        "href=",
        "url(",
        ")",
        "(",
        "\\",
        '"',
        "'",
        " ",
        "\n",
        "<",
        ">",
        "`",
        "//",
        "x",
        "🦊",
    ),
]


@settings(max_examples=400, deadline=None)
@given(
    parts=st.lists(st.one_of(st.sampled_from(PARTS), st.text(max_size=4)), max_size=12),
    cuts=st.lists(st.integers(0, 200), max_size=8),
    in_urls=st.booleans(),
)
def test_the_result_does_not_depend_on_the_cutting(parts: list[str], cuts: list[int], in_urls: bool) -> None:
    text = "".join(parts)
    whole = restored([text], in_urls=in_urls)
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    assert restored([text[low:high] for low, high in pairwise(edges)], in_urls=in_urls) == whole
    assert restored(list(text), in_urls=in_urls) == whole
    assert MASK not in whole


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"https://h.example/{EMAIL}", True),
        (f"see https://h.example/a {EMAIL}", False),
        (f"custom+x://h/{EMAIL}", True),
        (f"![a](/p?{EMAIL})", True),
        (f"![a](/p) {EMAIL}", False),
        (f"![a](/p){EMAIL}", False),
        (f"![a](https://h.example/(b){EMAIL})", True),
        (f"![a](https://h.example/\\){EMAIL})", True),
        (f"![a](<https://h.example/a b{EMAIL}>)", True),
        (f'![a](https://h.example/"{EMAIL}")', True),
        (f"![a]( \n /p{EMAIL})", True),
        (f'<img src="/p q{EMAIL}">', True),
        (f"<img SRC = '/p\"{EMAIL}'>", True),
        (f'<img src="/p"> {EMAIL}', False),
        (f"<img src=/p{EMAIL}>", True),
        (f"<a href=//h.example/{EMAIL}>", True),
        (f"background: url(/p{EMAIL})", True),
        (f"url('/p{EMAIL}')", True),
        (f'{{"url":"https://h.example","mail":"{EMAIL}"}}', False),
        (f"https:h.example/{EMAIL}", True),
        (f"http:/h.example/{EMAIL}", True),
        (f"Ratio 3:{EMAIL} a/{EMAIL}", False),
        (f"- {NAME}: {EMAIL}", False),
        (f"{NAME}({EMAIL})", False),
        (f"`https://h.example/`{EMAIL}", False),
        (f"// {EMAIL}", False),
    ],
)
def test_nothing_is_restored_in_urls(text: str, kept: bool) -> None:
    out = restored([text])
    assert (EMAIL in out) == kept
    assert EMAIL not in restored([text], in_urls=True)
    assert restored(list(text)) == out


def test_a_restored_address_opens_a_url_like_any_text() -> None:
    table = Table.of({**VALUES, "[URL_aaaaaaaaaaaa]": "https://h.example/"}, ())
    assert restored([f"[URL_aaaaaaaaaaaa]{EMAIL}"], table=table) == f"https://h.example/{EMAIL}"


def test_values_are_not_expanded_again() -> None:
    table = Table.of({NAME: EMAIL, EMAIL: "[PERSON_mnop"}, ())
    assert restored([NAME + "qrstuvwx]", EMAIL + "qrstuvwx]"], table=table) == EMAIL + "qrstuvwx][PERSON_mnopqrstuvwx]"


@pytest.mark.parametrize(
    "text", ["a[0]", "[x] done [ ]", "[PER", "[email_address_abc", "[EMAIL_ADDRESS_1", "[EMAIL_ADDRESS_abd"]
)
def test_text_that_cannot_become_a_placeholder_is_not_held(text: str) -> None:
    table = Table.of({EMAIL: "x"}, ())
    restorer = TextRestorer(table)
    assert restorer.feed(text) == text and not restorer.holding


@given(st.text(alphabet="[]ABEMAIL_abcdefghijklz2", max_size=90))
def test_the_hold_back_is_bounded(text: str) -> None:
    restorer = TextRestorer(TABLE)
    sent = 0
    for fed, char in enumerate(EMAIL[:20] + text, start=1):
        sent += len(restorer.feed(char).replace(VALUES[EMAIL], EMAIL))
        assert fed - sent <= max(MAX_LENGTH, len(MASK))


@settings(max_examples=150)
@given(value=st.text(min_size=1), before=st.text(max_size=5))
def test_json_mode_writes_any_value_as_json(value: str, before: str) -> None:
    table = Table.of({EMAIL: value}, ())
    text = json.dumps({"a": f"{before}{EMAIL}"})
    assert json.loads(restored(list(text), table=table, escape=Escape.JSON)) == {"a": before + value}


def test_changed_placeholders_stay_and_are_not_counted() -> None:
    tally = Tally()
    restorer = TextRestorer(TABLE, tally)
    text = f"{EMAIL.lower()} {EMAIL[:-1]}s] [EMAIL_ADDRESS_ abcdefghijkl] {UNKNOWN}"
    assert restorer.feed(text) + restorer.flush() == text
    assert tally.restored == 0


def test_masks_nested_in_each_other_and_empty_ones() -> None:
    table = Table.of({}, ("", "key-1", "key-1234"))
    for text in ("a key-1234 b", "a key-1 b", "key-123"):
        wanted = text.replace("key-1234", "[credential]").replace("key-1", "[credential]")
        assert restored(list(text), table=table) == restored([text], table=table) == wanted


def test_a_foreign_key_in_the_mapping_is_a_fault() -> None:
    with pytest.raises(ValueError, match="not a placeholder"):
        Table.of({"EMAIL": "x"}, ())


def test_link_tracking_stays_linear() -> None:
    tracker = LinkTracker()
    began = time.perf_counter()
    tracker.passed("](" * 50_000 + "://" * 50_000)
    assert time.perf_counter() - began < 2
