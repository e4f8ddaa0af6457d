"""Shapes of uploaded files, as `gateway.dialects.multipart` puts them into trees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.dialects import opaque
from gateway.dialects.shapes import FREE, Shape, leaf, text, words

MEDIA_TYPE: Final = words(opaque.MEDIA_TYPES)


def upload(rows: Mapping[str, Shape] | None = None) -> Shape:
    """One file. `rows` are the members that take its rows of JSON, with the shape of a row."""
    shape = Shape(only=(dict,)).having(
        {"filename": text(), "media_type": MEDIA_TYPE, "data": leaf(opaque.uploaded)}, rest=FREE
    )
    for name, row in (rows or {}).items():
        shape.fields[name] = Shape(only=(list,))
        shape.fields[name].items = row
        row.only = (dict,)
    return shape


def one_or_more() -> Shape:
    """A file, or a list of files."""
    shape = upload()
    shape.only = (dict, list)
    shape.items = upload()
    return shape


def form(fields: Mapping[str, Shape]) -> Shape:
    """A whole form: its names are flat, whatever brackets they hold."""
    return Shape(only=(dict,)).having(fields, rest=FREE)


def chosen(fields: Mapping[str, Shape], chooser: str, variants: Mapping[str, Mapping[str, Shape]]) -> Shape:
    """An object of `fields`, more of which depend on the string that its member `chooser` has."""
    shape = Shape(only=(dict,)).having(fields, rest=FREE)
    shape.chooser = chooser
    shape.variants = {word: Shape().having({**fields, **more}, rest=FREE) for word, more in variants.items()}
    return shape
