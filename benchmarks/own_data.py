"""Exact data match over a million made-up records and fingerprints of a thousand made-up documents: what is found, what
is found by mistake, memory, and time.

    python -m benchmarks.own_data
    python -m benchmarks.own_data --records 100000
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import resource
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.own_texts import Documents, People, docstrings, prose, written
from dlp_recognizers.hits import Hit, settle
from dlp_recognizers.local import LocalScanner
from dlp_recognizers.own.document_copies import CopyFinder, Threshold
from dlp_recognizers.own.exact_match import RecordFinder
from dlp_recognizers.own.fingerprint_build import FingerprintBuilder
from dlp_recognizers.own.match_build import Column, TableBuilder, TableName
from dlp_recognizers.own.table_file import read_header, verify_body
from dlp_recognizers.own.words import Words, words_of
from gateway.model import SpanKind, TextSpan

RESULTS = Path(__file__).resolve().parent / "results" / "own_data.json"
KEY = secrets.token_bytes(32)
KINDS = ("customer_no", "email", "first+last")

type Find = Callable[[str, Words], Iterator[Hit]]


class OnlyOwn:
    """An engine that finds nothing but own data, so that its cost alone is measured."""

    version = "own"

    def __init__(self, find: Find) -> None:
        self._find = find

    def warm(self) -> None:
        """Nothing to warm up."""

    def scan(self, text: str) -> Sequence[Hit]:
        """Every hit."""
        return settle(self._find(text, words_of(text)))


def found(find: Find, *texts: str) -> list[Any]:
    """What counts in the spans of one request, cut into windows and added up as the gateway does."""
    spans = [TextSpan(f"/messages/{index}/content", text, SpanKind.TEXT) for index, text in enumerate(texts)]
    result = LocalScanner(OnlyOwn(find)).scan_sync(spans)
    if not result.complete:
        sys.exit(f"scan incomplete: {result.reason}")
    return [each for each in result.findings if each.score >= 0.5]


def per_kb(find: Find, text: str) -> float:
    """CPU milliseconds per 1,000 characters, in windows, the words of the text included; the best of three."""
    windows = [text[at : at + 4096] for at in range(0, len(text), 4096)]
    best = float("inf")
    for _ in range(3):
        started = time.process_time()
        for window in windows:
            for _ in find(window, words_of(window)):
                pass
        best = min(best, time.process_time() - started)
    return best * 1e6 / len(text)


def resident() -> int:
    """Bytes that are this process's own: not shared with a file."""
    pages = Path("/proc/self/statm").read_text().split()
    return (int(pages[1]) - int(pages[2])) * resource.getpagesize()


def records(count: int, folder: Path) -> dict[str, Any]:
    """The exact data match."""
    people = People()
    path = folder / "customers.match"
    columns = [Column.parse(text, "CUSTOMER_RECORD") for text in KINDS]
    started, before = time.perf_counter(), time.process_time()
    builder = TableBuilder(columns, KEY)
    builder.add_all(("customer_no", "first", "last", "email"), (people.record(number) for number in range(count)))
    report = builder.write(path, TableName("customers", "bench", KEY))
    built, cpu = time.perf_counter() - started, time.process_time() - before
    del builder
    started = time.perf_counter()
    header = read_header(path, "exact-match", [("bench", KEY)])
    verify_body(header)
    own = resident()
    finder = RecordFinder(header)
    loaded = time.perf_counter() - started
    chance = random.Random(3)
    recall, false = {}, {}
    for kind in KINDS:
        known = [people.record(chance.randrange(count)) for _ in range(1_000)]
        recall[kind] = sum(bool(found(finder.find, written(kind, each, chance))) for each in known) / len(known)
        # Nobody's: names and numbers of the same make that no record has.
        strangers = [people.record(count + 1 + chance.randrange(count)) for _ in range(1_000)]
        hits = sum(bool(found(finder.find, written(kind, each, chance))) for each in strangers)
        false[kind] = hits - _shared(people, count, strangers, kind)
    text = prose()
    manual = found(finder.find, text)
    table = "\n".join(",".join(people.record(count + number)) for number in range(2_000))
    return {
        "records": count,
        "values": sum(report.values.values()),
        "build_s": round(built, 1),
        "build_cpu_s": round(cpu, 1),
        "file_bytes": report.bytes,
        "bytes_per_record": round(report.bytes / count, 1),
        "load_s": round(loaded, 2),
        "own_memory_bytes": resident() - own,
        "recall": recall,
        "false_hits_in_1000_strangers": false,
        "prose_bytes": len(text),
        "false_hits_in_prose": len(manual),
        "ms_per_kb_prose": round(per_kb(finder.find, text[:400_000]), 3),
        "ms_per_kb_csv_of_strangers": round(per_kb(finder.find, table), 3),
    }


def _shared(people: People, count: int, strangers: Sequence[tuple[str, str, str, str]], kind: str) -> int:
    """How many of `strangers` have a value that a customer has too, such as a common name: no mistake."""

    def value(record: tuple[str, str, str, str]) -> tuple[str, ...]:
        return {"customer_no": record[:1], "email": record[3:], "first+last": record[1:3]}[kind]

    wanted = {value(each) for each in strangers}
    there = {each for number in range(count) if (each := value(people.record(number))) in wanted}
    return sum(value(each) in there for each in strangers)


def documents(count: int, folder: Path) -> dict[str, Any]:
    """The fingerprints."""
    made = Documents()
    path = folder / "documents.prints"
    texts = [made.text(number) for number in range(count)]
    started = time.perf_counter()
    builder = FingerprintBuilder(KEY)
    builder.add_all((str(number), text) for number, text in enumerate(texts))
    report = builder.write(path, TableName("documents", "bench", KEY))
    built = time.perf_counter() - started
    header = read_header(path, "fingerprints", [("bench", KEY)])
    verify_body(header)
    own = resident()
    finder = CopyFinder(header, Threshold(160, 0.5))
    chance = random.Random(5)
    forms: dict[str, Callable[[str], tuple[str, ...]]] = {
        "whole": lambda text: (f"Please summarise:\n{text}",),
        "one paragraph": lambda text: (f"Please improve this: {chance.choice(text.split('\n\n'))}",),
        "half, other case and lines": lambda text: (text[: len(text) // 2].upper().replace(" ", "\n"),),
        "5 % of words edited": lambda text: (made.edited(text, 0.05, chance),),
        "15 % of words edited": lambda text: (made.edited(text, 0.15, chance),),
        "in a long prompt": lambda text: (prose()[:9_000] + text[2_000:3_200] + prose()[20_000:29_000],),
        "over six messages, 100 characters each": lambda text: tuple(
            text[at : at + 100] for at in range(500, 500 + 6 * 300, 300)
        ),
    }
    some = chance.sample(texts, min(count, 120))
    recall = {
        name: sum(bool(found(finder.find, *form(text))) for text in some) / len(some) for name, form in forms.items()
    }
    others = [made.text(count + 10_000 + number) for number in range(300)]
    false = sum(bool(found(finder.find, text)) for text in others)
    real = [prose()[at : at + 20_000] for at in range(0, len(prose()), 20_000)] + list(docstrings(1_500_000))
    return {
        "documents": count,
        "document_bytes": sum(map(len, texts)),
        "fingerprints": report.fingerprints,
        "build_s": round(built, 1),
        "file_bytes": report.bytes,
        "file_share_of_text": round(report.bytes / sum(map(len, texts)), 2),
        "own_memory_bytes": resident() - own,
        "recall": recall,
        "unrelated_documents": len(others),
        "false_hits_in_unrelated_documents": false,
        "real_text_bytes": sum(map(len, real)),
        "false_hits_in_real_text": sum(len(found(finder.find, text)) for text in real),
        "ms_per_kb_unrelated": round(per_kb(finder.find, prose()[:300_000]), 3),
        "ms_per_kb_copies": round(per_kb(finder.find, "\n".join(texts[:40])), 3),
    }


def show(title: str, figures: dict[str, Any]) -> None:
    """One table."""
    table = Table(title=title, title_justify="left", show_header=False)
    for name, value in figures.items():
        if isinstance(value, dict):
            for each, figure in value.items():
                shown = f"{figure:.3f}" if isinstance(figure, float) else str(figure)
                table.add_row(f"{name.replace('_', ' ')}: {each}", shown)
        else:
            table.add_row(name.replace("_", " "), f"{value:,}")
    Console().print(table)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--documents", type=int, default=1_000)
    given = parser.parse_args()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        figures = {
            "exact_match": records(given.records, Path(name)),
            "fingerprints": documents(given.documents, Path(name)),
        }
    show("Exact data match", figures["exact_match"])
    show("Document fingerprints", figures["fingerprints"])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    about = {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "seconds": round(time.perf_counter() - started, 1),
        "peak_bytes_while_building": peak,
    }
    print(f"{about['seconds']} s in all; peak memory of this program {peak / 2**20:,.0f} MiB")
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({**about, **figures}, indent=1) + "\n")
    print(f"written: {RESULTS}")


if __name__ == "__main__":
    main()
