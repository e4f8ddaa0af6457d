"""The program behind `make eval`: its samples say the truth, and its small run is whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.detection import generated, innocent, results, run
from dlp_recognizers.engine import Engine, EngineSettings
from gateway.entities import ENTITY_GROUPS
from gateway.evaluation.innocent import FalseFindings


def test_labels_stand_where_the_values_are() -> None:
    kinds = generated.kinds()
    drawn = list(generated.samples(kinds, seed=1, each=12))
    assert len(drawn) == 12 * len(kinds) >= 12 * 60
    assert {name for name, _ in drawn} == set(generated.CARRIERS)
    for _, sample in drawn:
        (label,) = sample.labels
        value = sample.text[label.start : label.end]
        assert value == value.strip()
        assert sample.text.count(value) >= 1
        assert label.entity in ENTITY_GROUPS, label.entity


def test_a_seed_gives_the_same_text() -> None:
    kinds = generated.kinds()[:5]
    assert list(generated.samples(kinds, seed=3, each=4)) == list(generated.samples(kinds, seed=3, each=4))
    assert list(innocent.logs(3, 20)) == list(innocent.logs(3, 20))
    assert list(innocent.documents(3, 60)) != list(innocent.documents(4, 60))


def test_innocent_lines_are_counted_right() -> None:
    for _, text in innocent.logs(1, 25):
        assert text.count("\n") == 25
    assert sum(text.count("\n") for _, text in innocent.code(1, 3000)) >= 6000


@pytest.mark.slow
def test_a_small_run_has_every_figure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    engine = Engine(EngineSettings(names="rules"))
    code = run.main(["--each", "1", "--lines", "60", "--no-evasions", "--output", str(tmp_path / "d.json")], engine)
    said = json.loads((tmp_path / "d.json").read_text())
    assert code in (0, 1)
    assert set(said["generated"]) == {"llmgw", "presidio (patterns only) >= 0.3", "presidio (patterns only) >= 0.5"}
    aims = {aim["what"]: aim for aim in said["aims"]}
    assert aims["recall, secrets, own set"]["met"] is True
    assert aims["findings for 1,000 lines of code"]["met"] is True
    assert "Targets" in capsys.readouterr().out


def test_aims_that_were_not_measured_are_neither_met_nor_missed() -> None:
    assert results.Aim.at_least("x", 0.97, None).met is None
    assert results.Aim.at_least("x", 0.97, 0.97).met is True
    assert results.Aim.at_most("x", 2, 2.1).met is False
    assert results.rate([]) is None
    assert results.rate([FalseFindings("x", 2000)]) == 0.0
