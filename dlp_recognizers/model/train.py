"""Trains the embedded model: `python -m dlp_recognizers.model.train [--steps N] [--minutes N] [--seed S] [--out DIR]`.

One process, one core. The learning rate follows the number of steps, so the same seed, packages and steps give the
same model within the tolerance that the model card states; `--minutes` ends a run early, with the rate brought down.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from thinc.api import Adam, Optimizer, fix_random_seed

from dlp_recognizers import gazetteer as gz
from dlp_recognizers.gazetteer import Gazetteer
from dlp_recognizers.model.filling import Labelled
from dlp_recognizers.model.synthesis import Maker
from dlp_recognizers.model.teacher import Teacher
from dlp_recognizers.tagger import TAGS, Network, Shape, build, load, save
from dlp_recognizers.tokens import Ids, features, split

MODEL_FILE = "names.npz"
_TAG = {name: index for index, name in enumerate(TAGS)}
_NAME_DROP = 0.33
_WORD_DROP = 0.06
_KNOWN_NAMES = gz.NAME_BITS | gz.PLACE_BITS | gz.ORG_NAME
_BATCH_WORDS = 3000
_RATE = 0.002


@dataclass(frozen=True, slots=True)
class Plan:
    """How long, from which seed and from which texts."""

    seed: int = 1
    steps: int = 12_000
    minutes: float = 240.0
    texts: Path | None = None
    shape: Shape = field(default_factory=Shape)
    dropout: float = 0.1
    base: Path | None = None
    """The model of an earlier stage: where to go on from, and the teacher of what the gazetteer could not label."""


class Encoder:
    """Turns labelled texts into the arrays that the network is taught with."""

    def __init__(self, table: Gazetteer, rng: random.Random) -> None:
        self._table = table
        self._rng = rng
        self._known: dict[str, tuple[int, ...]] = {}

    def rows(self, words: list[str]) -> Ids:
        """Features of each word; the gazetteer forgets some words, so that unknown names are learnt too."""
        rows, forgotten = [], {}
        for word in words:
            row = self._known.get(word)
            if row is None:
                row = self._known[word] = features(word, self._table.bits(word[:40]))
                if len(self._known) > 400_000:
                    self._known.clear()
            if row[4] > 1:
                if word not in forgotten:
                    forgotten[word] = self._forget(row[4] - 1) + 1
                row = (*row[:4], forgotten[word])
            rows.append(row)
        return np.array(rows, dtype=np.uint64).reshape(-1, 5)

    def _forget(self, bits: int) -> int:
        roll = self._rng.random()
        if bits & _KNOWN_NAMES and roll < _NAME_DROP:
            return bits & ~_KNOWN_NAMES
        return 0 if roll > 1 - _WORD_DROP else bits

    @staticmethod
    def tags(made: Labelled, places: list[re.Match[str]]) -> NDArray[np.int32]:
        """The tag of each word, -1 where nobody knows."""
        tags = np.zeros(len(places), dtype=np.int32)
        starts = np.array([place.start() for place in places], dtype=np.int64)
        for start, end in made.unknown:
            tags[np.searchsorted(starts, start) : np.searchsorted(starts, end)] = -1
        for start, end, kind in made.spans:
            low, high = int(np.searchsorted(starts, start)), int(np.searchsorted(starts, end))
            if high - low == 1:
                tags[low] = _TAG[f"U-{kind}"]
            elif high > low:
                tags[low], tags[low + 1 : high - 1], tags[high - 1] = (
                    _TAG[f"B-{kind}"],
                    _TAG[f"I-{kind}"],
                    _TAG[f"L-{kind}"],
                )
        return tags


def train(plan: Plan, maker: Maker) -> Network:
    """The trained network, its parameters averaged over the run."""
    fix_random_seed(plan.seed)
    network = load(plan.base) if plan.base else build(plan.shape)
    encoder = Encoder(Gazetteer.load(), random.Random(plan.seed))  # noqa: S311 - reproducible, no secret
    optimizer = Adam(_RATE, L2=0.0001, grad_clip=1.0, use_averages=True)
    rate = _RATE * (0.7 if plan.base else 1.0)
    started, seen, loss = time.monotonic(), 0, 0.0
    for step in range(plan.steps):
        done = max(step / plan.steps, (time.monotonic() - started) / 60 / plan.minutes)
        if done >= 1:
            break
        optimizer.learn_rate = rate * min(1.0, (step + 1) / 300) * max(0.03, 1 - done)
        for node in network.whole.walk():
            if node.attrs.get("dropout_rate") is not None:
                node.attrs["dropout_rate"] = plan.dropout
        words, lost = _step(network.whole, _batch(maker, encoder), optimizer)
        seen, loss = seen + words, loss + lost
        if step % 200 == 199:
            minutes = (time.monotonic() - started) / 60
            print(  # noqa: T201 - progress, to the error stream
                f"step {step + 1} minutes {minutes:.1f} words {seen} loss {loss / 200:.5f}", file=sys.stderr, flush=True
            )
            loss = 0.0
    _average(network, optimizer)
    return network


def _batch(maker: Maker, encoder: Encoder) -> list[tuple[Ids, NDArray[np.int32]]]:
    batch, count = [], 0
    while count < _BATCH_WORDS:
        made = maker.one()
        words, places = split(made.text)
        if words:
            batch.append((encoder.rows(words), encoder.tags(made, places)))
            count += len(words)
    return batch


def _step(whole: Any, batch: list[tuple[Ids, NDArray[np.int32]]], optimizer: Optimizer) -> tuple[int, float]:
    scores, backprop = whole.begin_update([rows for rows, _ in batch])
    count = sum(len(tags) for _, tags in batch)
    gradients, loss = [], 0.0
    for score, (_, tags) in zip(scores, batch, strict=True):
        chances = np.exp(score - score.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        known = tags >= 0
        index = np.nonzero(known)[0]
        loss -= float(np.log(chances[index, tags[index]] + 1e-9).sum())
        chances[index, tags[index]] -= 1.0
        chances[~known] = 0.0
        gradients.append((chances / count).astype(np.float32))
    backprop(gradients)
    whole.finish_update(optimizer)
    return count, loss / count


def _average(network: Network, optimizer: Optimizer) -> None:
    averages = optimizer.averages or {}
    for node in network.whole.walk():
        for name in node.param_names:
            if (node.id, name) in averages:
                node.set_param(name, averages[node.id, name])


def main() -> None:
    """Train and write the model's file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=12_000)
    parser.add_argument("--minutes", type=float, default=240.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--texts", type=Path, default=None, help="a folder of JSON lists of sentences, beside what is installed"
    )
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    parser.add_argument("--base", type=Path, default=None, help="the model of an earlier stage, to go on from")
    arguments = parser.parse_args()
    plan = Plan(arguments.seed, arguments.steps, arguments.minutes, arguments.texts, base=arguments.base)
    teacher = Teacher(plan.base) if plan.base else None
    network = train(plan, Maker.with_texts(plan.seed, plan.texts, teacher))
    arguments.out.mkdir(parents=True, exist_ok=True)
    save(network, plan.shape, arguments.out / MODEL_FILE)
    print(f"wrote {arguments.out / MODEL_FILE}")  # noqa: T201 - a command


if __name__ == "__main__":
    main()
