"""Shapes for the many nested objects of an API whose members mean the same wherever they stand.

In such an object the API's own field names are structure, an enumeration's words are structure in the fields that take
them, and everything else is scanned.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gateway.dialects.shapes import FREE, LeafRule, Shape


class Loose:
    """A self-containing shape over a closed vocabulary, and shapes that differ from it in what a string means."""

    def __init__(self, keys: Iterable[str], words: frozenset[str], enumerations: Iterable[str]) -> None:
        """`keys` are the API's field names, `enumerations` those of them whose strings may be one of `words`."""
        self.shape = Shape()
        self.shape.rest = FREE
        self.word = self._like(Shape(words=words))
        self.shape.fields.update(dict.fromkeys(keys, self.shape))
        self.shape.fields.update(dict.fromkeys(enumerations, self.word))

    def _like(self, shape: Shape) -> Shape:
        shape.fields = self.shape.fields
        shape.rest = FREE
        return shape

    def leaf(self, rule: LeafRule) -> Shape:
        """A string for `rule`; an object or list is loose."""
        return self._like(Shape(leaf=rule))

    def numeric(self) -> Shape:
        """A number that the API knows; anything else is loose."""
        return self._like(Shape(numeric=100.0))

    def object(self, differing: Mapping[str, Shape], *, rule: LeafRule | None = None) -> Shape:
        """A loose object in which some members differ. Call once `assign` has been done."""
        shape = Shape(leaf=rule)
        shape.rest = FREE
        shape.fields = {**self.shape.fields, **differing}
        return shape

    def assign(self, shapes: Mapping[str, Shape]) -> None:
        """Say what the members named in `shapes` are, wherever they stand."""
        self.shape.fields.update(shapes)
