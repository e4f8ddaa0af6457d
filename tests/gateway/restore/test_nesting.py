from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.restore.nesting import JsonNesting
from gateway.restore.text import Escape, Table, TextRestorer

KEY = "[ADDRESS_abcdefghijkl]"
VALUE = 'High Street 1\n"The Barn"\\🦊'
TABLE = Table.of({KEY: VALUE}, ())


def restored(text: str, escape: Escape = Escape.NONE) -> str:
    whole = TextRestorer(TABLE, escape=escape)
    out = whole.feed(text) + whole.flush()
    single = TextRestorer(TABLE, escape=escape)
    assert "".join([single.feed(char) for char in text]) + single.flush() == out
    return out


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("escape", list(Escape))
def test_values_are_escaped_for_each_layer_of_json(indent: int | None, layers: int, escape: Escape) -> None:
    text = f"at {KEY}!"
    for _ in range(layers):
        text = json.dumps({"n": [1, {"k": True}], "x": text, KEY: [KEY]}, indent=indent)
    out = restored(text, escape)
    for _ in range(layers):
        tree = json.loads(out)
        assert tree[VALUE] == [VALUE]
        out = tree["x"]
    assert out == f"at {VALUE}!"


@pytest.mark.parametrize(
    "text",
    [
        '"{}"',
        'She said "{}".',
        "[1] see {}",
        '[see] "{}"',
        '{{name}} is "{}"',
        '"a": "{}"',
        "{}",
        '\\"{}\\"',
        'x{{"a":"{}"}}',
    ],
)
def test_prose_is_not_taken_for_json(text: str) -> None:
    text = text.replace("{{", "<<").replace("}}", ">>").replace("{}", KEY).replace("<<", "{").replace(">>", "}")
    assert restored(text) == text.replace(KEY, VALUE)


def test_quotes_in_the_text_of_an_argument_are_not_a_layer() -> None:
    for words in (f'he said "hello {KEY}" ok', f'{KEY} is "{KEY}"', f'[a] "{KEY}"'):
        assert json.loads(restored(json.dumps({"a": words}), Escape.JSON)) == {"a": words.replace(KEY, VALUE)}


def test_fenced_json() -> None:
    out = restored(f"```json\n{json.dumps({'a': KEY})}\n```")
    assert json.loads(out[8:-4]) == {"a": VALUE}


@given(st.lists(st.sampled_from(['"', "\\", "{", "[", "a", " ", ":", "n", "\n"]), max_size=30), st.integers(0, 30))
def test_the_depth_does_not_depend_on_the_cutting(parts: list[str], cut: int) -> None:
    text = "".join(parts)
    whole, halves = JsonNesting(certain=False), JsonNesting(certain=False)
    whole.passed(text)
    halves.passed(text[:cut])
    halves.passed(text[cut:])
    assert whole.depth == halves.depth >= 0
