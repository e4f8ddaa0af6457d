"""The embedded model: real-style sentences, its own test split, odd texts, code, and what it costs."""

from __future__ import annotations

import random
import re
import time
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from dlp_recognizers.embedded import EmbeddedFinder, composed_with_places
from dlp_recognizers.engine import Engine, EngineSettings
from dlp_recognizers.hits import Hit
from dlp_recognizers.model.synthesis import Maker, examples
from dlp_recognizers.model.train import MODEL_FILE, Plan, train
from dlp_recognizers.model.wordlists import HONORIFICS
from dlp_recognizers.tagger import Shape, Tagger, load, save
from gateway.errors import ConfigurationError

type Labelled = tuple[str, list[tuple[int, int, str]]]
KINDS = {"P": "PERSON", "L": "LOCATION", "O": "ORGANIZATION", "A": "ADDRESS"}
PLACES = {"LOCATION", "ADDRESS"}


@pytest.fixture(scope="module")
def finder() -> EmbeddedFinder:
    return EmbeddedFinder()


def hand_written() -> Iterator[Labelled]:
    for line in (Path(__file__).parent / "names_dev.txt").read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        text, spans, last = "", [], 0
        line = line.replace("\\n", "\n")
        for match in re.finditer(r"\[([^\[\]|]+)\|([PLOA])\]", line):
            text += line[last : match.start()]
            spans.append((len(text), len(text) + len(match[1]), KINDS[match[2]]))
            text += match[1]
            last = match.end()
        yield text + line[last:], spans


def figures(finder: EmbeddedFinder, entries: Iterable[Labelled], kinds: set[str]) -> tuple[float, float]:
    """Precision and recall by word; titles do not count."""
    right = wrong = missed = 0
    for text, spans in entries:
        hits = [hit for hit in finder.find(text) if hit.score >= 0.5 and hit.entity in kinds]
        for match in re.finditer(r"[^\W_]+", text):
            if match[0].lower() in HONORIFICS:
                continue
            wanted = any(start <= match.start() < end and kind in kinds for start, end, kind in spans)
            found = any(hit.start <= match.start() < hit.end for hit in hits)
            right, wrong, missed = right + (wanted and found), wrong + (found and not wanted), missed + (wanted > found)
    return right / max(1, right + wrong), right / max(1, right + missed)


def found(finder: EmbeddedFinder, text: str) -> set[tuple[str, str]]:
    return {(text[hit.start : hit.end], hit.entity) for hit in finder.find(text)}


def test_hand_written_sentences(finder: EmbeddedFinder) -> None:
    entries = list(hand_written())
    precision, recall = figures(finder, entries, {"PERSON"})
    assert precision >= 0.85 and recall >= 0.9, (precision, recall)
    precision, recall = figures(finder, entries, PLACES)
    assert precision >= 0.85 and recall >= 0.8, (precision, recall)


def test_the_own_test_split(finder: EmbeddedFinder) -> None:
    precision, recall = figures(finder, examples("test", 11, 300), {"PERSON"})
    assert precision >= 0.92 and recall >= 0.92, (precision, recall)


def test_the_same_seed_gives_the_same_examples_and_the_splits_share_no_person() -> None:
    assert list(examples("test", 3, 40)) == list(examples("test", 3, 40))
    assert list(examples("test", 3, 40)) != list(examples("test", 4, 40))
    with pytest.raises(ValueError, match="split"):
        next(examples("dev", 1, 1))
    for text, spans in examples("train", 3, 200):
        assert all(0 <= start < end <= len(text) for start, end, _ in spans)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_composed_and_decomposed_names_are_found(finder: EmbeddedFinder, form: str) -> None:
    text = unicodedata.normalize(form, "Yesterday José García met Zoë Müller in Berlin.")
    hits = [hit for hit in finder.find(text) if hit.entity == "PERSON"]
    names = [unicodedata.normalize("NFC", text[hit.start : hit.end]) for hit in hits]
    assert names == ["José García", "Zoë Müller"]


def test_places_of_decomposed_text() -> None:
    text = unicodedata.normalize("NFD", "é x ü")
    composed, places = composed_with_places(text)
    assert (composed, places) == ("é x ü", [0, 2, 3, 4, 5, 7])


def test_look_alike_letters_and_zero_width_are_seen_through() -> None:
    engine = Engine(EngineSettings())
    for name in ("Mаrgаret Thompson", "Mar\u200bgaret Thomp\u200bson"):
        text = f"Please ask {name} about the invoice before Friday."
        hits = [hit for hit in engine.scan(text) if hit.entity == "PERSON"]
        assert any(text[hit.start : hit.end] == name for hit in hits), [text[h.start : h.end] for h in hits]


def test_a_family_name_is_found_again(finder: EmbeddedFinder) -> None:
    text = "The order was placed by Margaret Holloway last week. The invoice went to Holloway, too."
    assert sum(1 for hit in finder.find(text) if text[hit.start : hit.end].endswith("Holloway")) == 2


@pytest.mark.parametrize(
    "text", ["", " ", "\n\n\n", "\ud800 x", "1234 5678", "___", "a" * 5000, "é" * 300, "日本語のテキスト"]
)
def test_odd_texts(finder: EmbeddedFinder, text: str) -> None:
    assert all(0 <= hit.start < hit.end <= len(text) for hit in finder.find(text))


def test_long_texts_are_read_to_their_end(finder: EmbeddedFinder) -> None:
    piece = "The report was written by Margaret Thompson and sent on the same day. "
    text = piece * 300
    starts = {hit.start for hit in finder.find(text) if hit.entity == "PERSON"}
    assert starts == {at * len(piece) + piece.index("Margaret") for at in range(300)}


def test_accounts_and_markings_are_no_names(finder: EmbeddedFinder) -> None:
    for text in ("DE89 3704 0044 0532 0130 00", "Company Confidential", "550e8400-e29b-41d4-a716-446655440000"):
        assert found(finder, text) == set()


def test_code_without_names_has_none(finder: EmbeddedFinder) -> None:
    source = Path(re.__file__).parent / "_parser.py"
    text = source.read_text("utf-8")
    hits = [hit for hit in finder.find(text) if hit.score >= 0.5]
    assert len(hits) <= 2 + len(text.splitlines()) * 2 // 1000, [text[h.start : h.end] for h in hits]


def test_the_cost_grows_with_the_text_and_the_vectors_stay_bounded(finder: EmbeddedFinder) -> None:
    rng = random.Random(1)
    words = [f"w{rng.randrange(10**9)}" for _ in range(70_000)]
    tagger = finder._tagger
    for start in range(0, len(words), 1000):
        tagger.probabilities(words[start : start + 1000])
    assert len(tagger._rows) <= 61_000
    assert tagger._vectors.nbytes <= 64_000_000


def test_the_version_is_that_of_the_files(tmp_path: Path, finder: EmbeddedFinder) -> None:
    assert finder.version.startswith("embedded-")
    with pytest.raises(ConfigurationError, match="missing"):
        EmbeddedFinder(tmp_path)


def test_the_script_trains_saves_and_loads(tmp_path: Path, finder: EmbeddedFinder) -> None:
    shape = Shape(width=32, depth=1, rows=(500, 200, 300, 200, 300))
    plan = Plan(seed=5, steps=12, shape=shape)
    started = time.monotonic()
    first = train(plan, Maker("train", 5, []))
    second = train(plan, Maker("train", 5, []))
    save(first, shape, tmp_path / MODEL_FILE)
    table = finder._gazetteer
    words = ["Jane", "Miller", "lives", "in", "Berlin", "."]
    one = Tagger(first, table).probabilities(words)
    assert abs(one - Tagger(second, table).probabilities(words)).max() < 1e-3
    assert abs(one - Tagger(load(tmp_path / MODEL_FILE), table).probabilities(words)).max() < 0.02
    assert time.monotonic() - started < 60


def test_hits_say_who_found_them(finder: EmbeddedFinder) -> None:
    hit = next(iter(finder.find("Please call Margaret Thompson today.")))
    assert isinstance(hit, Hit)
    assert (hit.entity, hit.recognizer) == ("PERSON", "names:embedded")


def test_a_blob_is_no_name(finder: EmbeddedFinder) -> None:
    blob = "eyJ2ZXJzaW9uIjozLCJzb3VyY2VzIjpbImluZGV4LnRzIl0sIm5hbWVzIjpbXX0"
    assert list(finder.find(f"Mr {blob} wrote to {blob.upper()} in {blob.lower()}")) == []
