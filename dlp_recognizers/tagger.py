"""The network that names words: hashed features, a window encoder, one label per word; in a few MB.

Built from thinc's layers, as spaCy's own tok2vec is. What a word looks like does not depend on where it stands, so the
vector of each word is computed once and kept (bounded); only the encoder runs over every word of every text.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from thinc.api import HashEmbed, Linear, Maxout, Model, NumpyOps, chain, clone, concatenate, expand_window, residual
from thinc.layers import with_array

from dlp_recognizers import gazetteer as gz
from dlp_recognizers.gazetteer import Gazetteer
from dlp_recognizers.tokens import feature_rows
from gateway.errors import ConfigurationError

KINDS = ("PERSON", "LOCATION", "ORGANIZATION", "ADDRESS")
TAGS = ("O", *(f"{mark}-{kind}" for kind in KINDS for mark in "BILU"))
"""Outside; begin, inside, last of several words, and the only word, for each kind."""
_MOST_WORDS = 60_000
_NAMED = gz.NAME_BITS | gz.PLACE | gz.COUNTRY | gz.BIG_PLACE | gz.ORG_NAME
_REACH = 7
"""Words to either side of a possible name that are read with it: what the encoder sees, and what a name may hold."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a network."""

    width: int = 96
    depth: int = 4
    rows: tuple[int, ...] = (8000, 2000, 3000, 1500, 2000)
    """Of the tables of word, prefix, suffix, shape and gazetteer bits."""


@dataclass(frozen=True, slots=True)
class Network:
    """The parts of one network, sharing their parameters with `whole`."""

    embed: Model[Any, Any]
    encode: Model[Any, Any]
    label: Model[Any, Any]
    whole: Model[Any, Any]


def build(shape: Shape) -> Network:
    """A network with fresh parameters (from numpy's global random state)."""
    width = shape.width
    tables: list[Model[Any, Any]] = [
        HashEmbed(width, rows, column=index, seed=index + 7) for index, rows in enumerate(shape.rows)
    ]
    embed: Model[Any, Any] = chain(
        concatenate(*tables), Maxout(width, width * len(tables), nP=3, normalize=True, dropout=0.0)
    )
    layer = residual(chain(expand_window(window_size=1), Maxout(width, width * 3, nP=3, normalize=True, dropout=0.0)))
    encode = clone(layer, shape.depth)
    label: Model[Any, Any] = Linear(len(TAGS), width)
    whole: Model[Any, Any] = chain(with_array(embed), with_array(encode, pad=shape.depth), with_array(label))
    whole._to_ops(NumpyOps(use_blis=False))
    rows = np.ones((3, len(shape.rows)), dtype=np.uint64)
    whole.initialize(X=[rows], Y=[np.zeros((3, len(TAGS)), dtype="f")])
    return Network(embed, encode, label, whole)


def parameters(network: Network) -> list[tuple[str, Any]]:
    """Every parameter with a stable name, in a stable order."""
    found = []
    for index, node in enumerate(network.whole.walk()):
        found += [
            (f"{index}.{name}", node.get_param(name)) for name in sorted(node.param_names) if node.has_param(name)
        ]
    return found


def save(network: Network, shape: Shape, path: Path) -> None:
    """Write the parameters in half precision."""
    arrays = {name: np.asarray(value, dtype=np.float16) for name, value in parameters(network)}
    sizes = np.array([shape.width, shape.depth, *shape.rows], dtype=np.int32)
    np.savez(path, sizes=sizes, **arrays)  # type: ignore[arg-type]


def load(path: Path) -> Network:
    """Read what `save` wrote. Raises ConfigurationError when it is missing or does not fit."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            sizes = [int(value) for value in stored["sizes"]]
            network = build(Shape(sizes[0], sizes[1], tuple(sizes[2:])))
            for index, node in enumerate(network.whole.walk()):
                for name in node.param_names:
                    if node.has_param(name):
                        node.set_param(name, stored[f"{index}.{name}"].astype(np.float32))
    except (OSError, ValueError, KeyError):
        raise ConfigurationError(
            "the embedded model of names is missing or damaged; install the package again"
        ) from None
    return network


class Tagger:
    """Gives every word the probabilities of its labels. Not thread-safe; keeps vectors of words, not texts."""

    def __init__(self, network: Network, gazetteer: Gazetteer) -> None:
        self._network = network
        self._gazetteer = gazetteer
        self._width = int(network.embed.get_dim("nO"))
        self._rows: dict[str, int] = {}
        self._vectors: Floats = np.zeros((4096, self._width), dtype=np.float32)
        self._bits: NDArray[np.int64] = np.zeros(4096, dtype=np.int64)
        self._maybe: NDArray[np.bool_] = np.zeros(4096, dtype=np.bool_)

    def bits(self, words: list[str]) -> list[int]:
        """What the gazetteer knows about each word."""
        self._learn(words)
        return list(map(int, self._bits[self._index(words)]))

    def probabilities(self, words: list[str]) -> Floats:
        """One row per word, one column per tag of TAGS. Plain words far from any that may be a name are not looked at:
        they are outside."""
        self._learn(words)
        index = self._index(words)
        found = np.zeros((len(words), len(TAGS)), dtype=np.float32)
        found[:, 0] = 1.0
        near = _widened(self._maybe[index], _REACH)
        if near.any():
            encoded = self._network.encode.predict(self._vectors[index[near]])
            scores = self._network.label.predict(encoded)
            scores -= scores.max(axis=1, keepdims=True)
            np.exp(scores, out=scores)
            scores /= scores.sum(axis=1, keepdims=True)
            found[near] = scores
        return found

    def _index(self, words: list[str]) -> NDArray[np.int64]:
        return np.fromiter(map(self._rows.__getitem__, words), dtype=np.int64, count=len(words))

    def _learn(self, words: list[str]) -> None:
        new = list({word for word in words if word not in self._rows})
        if not new:
            return
        if len(self._rows) + len(new) > _MOST_WORDS:
            self._rows.clear()
            new = list(set(words))
        start, needed = len(self._rows), len(self._rows) + len(new)
        self._grow(needed)
        rows = feature_rows(new, self._gazetteer)
        self._vectors[start:needed] = self._network.embed.predict(rows)
        self._bits[start:needed] = rows[:, -1].astype(np.int64) - 1
        for at, word in enumerate(new, start):
            self._maybe[at] = _may_be_name(word, int(self._bits[at]))
            self._rows[word] = at

    def _grow(self, needed: int) -> None:
        size = len(self._vectors)
        if needed <= size:
            return
        more = max(needed, 2 * size) - size
        self._vectors = np.concatenate([self._vectors, np.zeros((more, self._width), dtype=np.float32)])
        self._bits = np.concatenate([self._bits, np.zeros(more, dtype=np.int64)])
        self._maybe = np.concatenate([self._maybe, np.zeros(more, dtype=np.bool_)])


def _may_be_name(word: str, bits: int) -> bool:
    """False for marks, numbers and plain lower-case words that no list has as a name."""
    if not word[0].isalpha():
        return False
    plain = word.islower() and bits & gz.WORD and not bits & _NAMED
    return not (plain or (bits & gz.FREQUENT and word.islower()) or (len(word) == 1 and word.islower()))


def _widened(mask: NDArray[np.bool_], reach: int) -> NDArray[np.bool_]:
    """True up to `reach` places around every True."""
    counts = np.concatenate([[0], np.cumsum(mask)])
    size = len(mask)
    places = np.arange(size)
    found = counts[np.minimum(places + reach + 1, size)] > counts[np.maximum(places - reach, 0)]
    return np.asarray(found, dtype=np.bool_)


def sizes(shape: Shape) -> dict[str, object]:
    """For the model card."""
    return asdict(shape)
