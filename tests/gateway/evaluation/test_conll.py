"""Label files: both formats, every tagging scheme, and errors that name the place and never the text."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import ConfigurationError
from gateway.evaluation.conll import read_conll
from gateway.evaluation.samples import read_files, read_jsonl
from gateway.evaluation.words import entity_of


def labels(text: str) -> list[list[tuple[str, str]]]:
    return [
        [(sample.text[label.start : label.end], label.entity) for label in sample.labels]
        for sample in read_conll(text, "x")
    ]


def test_conll_2003_has_the_names_in_the_last_of_four_columns() -> None:
    text = "-DOCSTART- -X- -X- O\n\nAda NNP B-NP I-PER\nRoe NNP I-NP I-PER\nsaw VBD B-VP O\nUlm NNP B-NP I-LOC\n\n"
    assert labels(text) == [[("Ada Roe", "PER"), ("Ulm", "LOC")]]


@pytest.mark.parametrize(
    "tags",
    [
        ("B-PER", "I-PER", "B-PER", "O"),
        ("I-PER", "I-PER", "B-PER", "O"),
        ("B-PER", "E-PER", "S-PER", "O"),
        ("B-PER", "L-PER", "U-PER", "O"),
    ],
    ids=["IOB2", "IOB", "BIOES", "BILOU"],
)
def test_every_tagging_scheme(tags: tuple[str, ...]) -> None:
    rows = "\n".join(f"{word}\t{tag}" for word, tag in zip(("Ada", "Roe", "Max", "ran"), tags, strict=True))
    assert labels(rows + "\n") == [[("Ada Roe", "PER"), ("Max", "PER")]]


def test_numbered_files_with_comments_and_tokens_that_join_the_next() -> None:
    text = "# sent_id = 1\n# text = ...\n1\tDr.\tO\t_\n2\tRoe\tB-PER\tSpaceAfter=No\n3\t,\tO\t_\n4\tUlm\tB-LOC\t_\n"
    (sample,) = read_conll(text, "x")
    assert sample.text == "Dr. Roe, Ulm"
    assert [sample.text[low:high] for low, high in sample.tokens] == ["Dr.", "Roe", ",", "Ulm"]
    assert labels(text) == [[("Roe", "PER"), ("Ulm", "LOC")]]
    assert sample.where == "x:3"


def test_a_hash_is_a_token_where_a_label_stands_behind_it() -> None:
    assert labels("# O\nAda B-PER\n") == [[("Ada", "PER")]]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Ada B-PER\nsecretword X9\n", "x:1: no column of labels"),
        ("onlyoneword\n", "x:1: neither JSONL nor CoNLL"),
        ("Ada NNP B-PER\n" * 250 + "secretword O\n", "x:251: expected at least 3 columns, found 2"),
        ("Ada NNP B-PER\n" * 250 + "secretword NNP what\n", "x:251: column 3 holds no label"),
    ],
)
def test_bad_conll_is_told_by_its_line(text: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        list(read_conll(text, "x"))
    assert str(caught.value).startswith(told)
    assert "secretword" not in str(caught.value)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "x:1: not JSON"),
        ('{"text": 3, "entities": []}', 'x:1: expected an object with "text"'),
        ('{"text": "secretword"}', 'x:1: expected "entities"'),
        ('{"text": "secretword", "entities": [{"type": "PER", "start": 0, "end": 11}]}', "x:1: entity 0: 0..11 is not"),
        ('{"text": "secretword", "entities": [{"type": "PER", "start": 2, "end": 2}]}', "x:1: entity 0: 2..2 is not"),
        ('{"text": "secretword", "entities": [{"type": "PER", "start": true, "end": 2}]}', "x:1: entity 0: expected"),
        ('{"text": "secretword", "entities": ["secretword"]}', "x:1: entity 0: expected"),
    ],
)
def test_bad_jsonl_is_told_by_its_line(line: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        list(read_jsonl(line, "x"))
    assert str(caught.value).startswith(told)
    assert "secretword" not in str(caught.value)


def test_files_are_told_apart_and_labels_translated(tmp_path: Path) -> None:
    (tmp_path / "a").write_text(
        '{"text": "Ada in Ulm, 3 May", "entities": [{"type": "per", "start": 0, "end": 3},'
        '{"label": "GPE", "start": 7, "end": 10}, {"type": "DATE_TIME", "start": 12, "end": 17}]}\n\n'
    )
    (tmp_path / "b").write_text("Ada B-PER\n\nUlm B-LOC\n")
    corpus = read_files([tmp_path / "a", tmp_path / "b"])
    assert len(corpus.samples) == 3
    assert corpus.entities == {"PERSON", "LOCATION"}
    assert dict(corpus.unknown) == {"DATE_TIME": 1}
    assert [label.entity for label in corpus.samples[0].ignored] == ["DATE_TIME"]


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_files([tmp_path / "none"])
    (tmp_path / "bad").write_bytes(b"Ada O\n\xff\xfe O\n")
    with pytest.raises(ConfigurationError, match="bad:2: not UTF-8"):
        read_files([tmp_path / "bad"])
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(ConfigurationError, match="neither JSONL nor CoNLL"):
        read_files([tmp_path / "empty"])


@pytest.mark.parametrize(
    ("label", "entity"),
    [("PER", "PERSON"), ("Org", "ORGANIZATION"), ("GPE", "LOCATION"), ("street-address", "ADDRESS"), ("O", "O"),
     ("API_KEY", "API_KEY"), ("secret", "SECRET"), ("TITLE", None)],
)  # fmt: skip
def test_words(label: str, entity: str | None) -> None:
    assert (entity_of(label) or None) == entity
