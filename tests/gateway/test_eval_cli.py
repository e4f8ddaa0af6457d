"""`llmgw eval`: what it prints and writes, and how it fails."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def llmgw(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gateway", "eval", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)


def test_figures_beside_presidio_and_false_findings(tmp_path: Path) -> None:
    row = {
        "text": "Card 4539 1488 0343 6467 of Dr. Ada Roe",
        "entities": [
            {"type": "CREDIT_CARD", "start": 5, "end": 24},
            {"type": "PER", "start": 32, "end": 39},
            {"type": "MOOD", "start": 0, "end": 4},
        ],
    }
    (tmp_path / "set.jsonl").write_text(json.dumps(row))
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "a.py").write_text("x = 1\n" * 100)
    (tmp_path / "code" / "b.bin").write_bytes(b"\0\1")
    done = llmgw(
        *(str(tmp_path / "set.jsonl"), "--vs", "presidio", "--json", str(tmp_path / "out" / "figures.json")),
        *("--false-findings", str(tmp_path / "code")),
    )
    assert done.returncode == 0, done.stderr
    assert "CREDIT_CARD" in done.stdout
    assert "MOOD 1" in done.stdout
    figures = json.loads((tmp_path / "out" / "figures.json").read_text())
    ours = figures["detectors"]["llmgw"]
    assert ours["entities"]["CREDIT_CARD"]["span"] == {
        "tp": 1,
        "fp": 0,
        "fn": 0,
        "precision": 1.0,
        "recall": 1.0,
        "f2": 1.0,
    }
    assert ours["entities"]["PERSON"]["token"]["recall"] == 1.0
    assert ours["false_findings"][0]["lines"] == 100
    assert ours["false_findings"][0]["findings"] == 0
    assert len(figures["detectors"]) == 2
    assert figures["not_scored"] == {"MOOD": 1}
    assert "4539" not in done.stdout + (tmp_path / "out" / "figures.json").read_text()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "nothing to measure"),
        (("no-such-file",), "no-such-file: cannot be read"),
        (("LABELLED", "--vs", "nobody"), "--vs: there is only presidio"),
        (("LABELLED", "--pipeline", "xx_none_sm"), "'xx_none_sm' is not an installed spaCy pipeline"),
        (("--false-findings", "no-such-folder"), "no-such-folder: not there"),
        (("BROKEN",), "broken.jsonl:2: not JSON"),
    ],
)
def test_wrong_usage_is_told_with_exit_code_2(tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    files = {"LABELLED": tmp_path / "labelled.jsonl", "BROKEN": tmp_path / "broken.jsonl"}
    files["LABELLED"].write_text('{"text": "x", "entities": []}\n')
    files["BROKEN"].write_text('{"text": "x", "entities": []}\n{"text": "secretword\n')
    done = llmgw(*(str(files.get(each, each)) for each in arguments))
    assert done.returncode == 2
    assert told in done.stderr
    assert "secretword" not in done.stderr + done.stdout
