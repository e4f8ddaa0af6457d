"""Writes docs/coverage.md: `python -m tests.coverage.table`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from gateway.dialects import BY_NAME
from tests.coverage import judge
from tests.coverage.operations import Operation, operations
from tests.coverage.sites import Node, Site, sites

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "coverage.md"
_HEAD: Final = """\
<!-- Written by `python -m tests.coverage.table`, from the code and the client packages' types. Do not edit. -->

# What is looked at, place by place

Every place at which the request types of the official client packages can carry a string, and what the gateway does
with a string there. A test writes this page again from the installed packages and compares: a field that is new in a
package, or treated otherwise than before, fails the build until somebody has looked at it. A field that no package
knows is scanned like a text, its name too.

| word | meaning |
|---|---|
| scanned, redacted | every recognizer runs over it; what the destination must not have is replaced |
| scanned, byte-identical, refused on a finding | signed or sealed: a finding that must go refuses the request |
| scanned, refused on a finding | sent as it is, as a model's name; the last check of the outgoing bytes refuses |
| attachment | binary content is opened as a document or an image; a reference counts as unread |
| refused | the request is refused when the place is not empty |
| restored | a placeholder in the answer becomes the value again |
| placeholder stays | signed or sealed in the answer, or no text: passed on byte for byte |
| left out | dropped from the answer, because it would no longer fit the restored text |
"""


def rows(operation: Operation) -> Iterator[tuple[str, str, str]]:
    """(direction, location, what happens) of one operation, sorted."""
    name = operation.dialect
    yield from _merged("request", _requests(operation))
    if operation.answer is not None:
        yield from _merged("answer", _answers(operation.answer, lambda body: judge.answer(name, body)))
    if operation.event is not None:
        yield from _merged("stream", _answers(operation.event, lambda body: judge.event(name, body)))


def _requests(operation: Operation) -> Iterator[tuple[str, str]]:
    dialect = BY_NAME[operation.dialect]
    for site in sites(operation.request, judge.MARKER):
        body = _with_fixed(site, operation)
        verdict = judge.request(dialect, operation.parameters, body)
        if "attachment" not in verdict and judge.binary(dialect, operation.parameters, body):
            verdict += "; binary: attachment"
        yield site.path, verdict


def _with_fixed(site: Site, operation: Operation) -> Any:
    if not isinstance(site.body, dict):
        return site.body
    top = site.path.partition("[")[0].partition(".")[0]
    return {**site.body, **{name: value for name, value in operation.fixed.items() if name != top}}


def _answers(node: Node, verdict: Callable[[Any], str]) -> Iterator[tuple[str, str]]:
    for site in sites(node, judge.MARKER):
        yield site.path, verdict(site.body)


def _merged(direction: str, found: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str, str]]:
    by_path: dict[str, Counter[str]] = {}
    for path, verdict in found:
        by_path.setdefault(path, Counter())[verdict] += 1
    for path in sorted(by_path):
        yield direction, path, " or ".join(sorted(by_path[path]))


def page() -> str:
    """The whole page."""
    parts = [_HEAD]
    for operation in operations():
        dialect = BY_NAME[operation.dialect]
        parts.append(f"\n## {operation.title}\n\n`{dialect.method} {dialect.path}`, types of the package "
                     f"`{operation.package}`\n\n| direction | location | what happens |\n|---|---|---|\n")  # fmt: skip
        parts += [
            f"| {direction} | `{path or '(the whole)'}` | {what} |\n" for direction, path, what in rows(operation)
        ]
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
