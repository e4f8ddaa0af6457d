"""Tables for people, JSON for programs, and the aims beside the figures."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.workloads import Memory, Row


@dataclass(frozen=True)
class Aim:
    """What was asked for and what was measured; `met` is None where a side of it was not measured."""

    what: str
    wanted: str
    measured: str
    met: bool | None


PEER = "litellm+presidio"


def _per_core(cpu_us: float | None) -> float | None:
    """Requests/s that one core has the time for: unlike requests/s it does not change when others want the core too."""
    return 1e6 / cpu_us if cpu_us else None


def _find(rows: Sequence[Row], workload: str, target: str) -> Row | None:
    return next(
        (
            row
            for row in rows
            if row.workload.startswith(workload) and row.target == target and row.requests > row.errors
        ),
        None,
    )


def _ratio(what: str, wanted: float, ours: float | None, theirs: float | None, *, at_most: bool) -> Aim:
    sign = "<=" if at_most else ">="
    if not ours or not theirs:
        return Aim(what, f"{sign} {wanted:g}x", "not measured", None)
    ratio = ours / theirs
    return Aim(what, f"{sign} {wanted:g}x", f"{ratio:.2f}x", ratio <= wanted if at_most else ratio >= wanted)


def aims(rows: Sequence[Row], memories: Sequence[Memory]) -> list[Aim]:
    """The aims of the project, from this run alone."""

    def rate(workload: str, target: str) -> float | None:
        row = _find(rows, workload, target)
        return row.per_second if row else None

    def cpu(workload: str, target: str) -> float | None:
        row = _find(rows, workload, target)
        return row.cpu_us if row else None

    def latency(workload: str, target: str, name: str) -> float | None:
        row = _find(rows, workload, target)
        return getattr(row, name) if row else None

    found = [
        _ratio(
            "CPU per request on seen text, of stock mitmdump",
            0.6,
            cpu("1 KB seen", "llmgw"),
            cpu("1 KB seen", "mitmdump"),
            at_most=True,
        ),
        _ratio(
            "the same, of stock mitmdump with TLS",
            0.6,
            cpu("1 KB seen", "llmgw"),
            cpu("1 KB seen", "mitmdump+tls"),
            at_most=True,
        ),
        _ratio(
            "requests/s on new 1 KB, of LiteLLM+Presidio",
            20,
            rate("1 KB new", "llmgw"),
            rate("1 KB new", PEER),
            at_most=False,
        ),
        _ratio(
            "requests/s on the conversation, of LiteLLM+Presidio",
            50,
            rate("conversation", "llmgw"),
            rate("conversation", PEER),
            at_most=False,
        ),
    ]
    found += [
        _ratio(
            f"{what}, told by CPU alone",
            wanted,
            _per_core(cpu(name, "llmgw")),
            _per_core(cpu(name, PEER)),
            at_most=False,
        )
        for what, name, wanted in (("new 1 KB", "1 KB new", 20), ("the conversation", "conversation", 50))
    ]
    ours = [row for row in rows if row.target == "llmgw" and row.workload.startswith("1 KB at")]
    if len(ours) == 2:
        found.append(_ratio("p99 of small requests beside 100 KB, of alone", 2, ours[1].p99, ours[0].p99, at_most=True))
    through, direct = latency("SSE", "llmgw", "p50"), latency("SSE", "direct", "p50")
    if through is not None and direct is not None:
        found.append(
            Aim("an event of a stream, p50 over direct", "<= 1 ms", f"{through - direct:.2f} ms", through - direct <= 1)
        )
    for memory in memories:
        if memory.target == "llmgw":
            flat = memory.end - memory.middle < 0.05 * memory.middle
            said = f"{memory.start:.0f}, {memory.middle:.0f}, {memory.end:.0f} MB after {memory.requests:,}"
            found.append(
                Aim(
                    "memory of the proxy process, start, middle, end",
                    "< 250 MB, flat",
                    said,
                    memory.end < 250 and flat,
                )
            )
    return found


def _number(value: float | None, digits: int = 0) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"


def show(rows: Sequence[Row], memories: Sequence[Memory], skipped: dict[str, str], console: Console) -> None:
    """Print everything."""
    table = Table(title="Each target alone on one core; client and stub on another", title_justify="left")
    table.add_column("workload")
    table.add_column("target")
    for name in ("requests", "errors", "per second", "p50 ms", "p99 ms", "CPU us each", "of it proxy"):
        table.add_column(name, justify="right")
    table.add_column("note", overflow="fold")
    last = ""
    for row in sorted(rows, key=lambda row: _order(rows, row)):
        cells = [
            _number(row.per_second, 1),
            _number(row.p50, 2),
            _number(row.p99, 2),
            _number(row.cpu_us),
            _number(row.cpu_proxy_us),
        ]
        if last and last != row.workload:
            table.add_section()
        table.add_row(row.workload, row.target, str(row.requests), str(row.errors), *cells, row.note)
        last = row.workload
    console.print(table)
    memory_table = Table(title="Resident memory of the proxy process, MB", title_justify="left")
    for name in ("target", "requests", "start", "middle", "end", "all its processes"):
        memory_table.add_column(name, justify="left" if name == "target" else "right")
    for memory in memories:
        sizes = (memory.start, memory.middle, memory.end, memory.all_processes)
        memory_table.add_row(memory.target, f"{memory.requests:,}", *(f"{size:.0f}" for size in sizes))
    console.print(memory_table)
    aim_table = Table(title="Aims", title_justify="left")
    for name in ("what", "wanted", "measured", ""):
        aim_table.add_column(name)
    for aim in aims(rows, memories):
        aim_table.add_row(aim.what, aim.wanted, aim.measured, {True: "met", False: "missed", None: ""}[aim.met])
    console.print(aim_table)
    for name, why in skipped.items():
        console.print(f"not measured: {name}: {why}", markup=False)


def _order(rows: Sequence[Row], row: Row) -> int:
    first = {each.workload: index for index, each in reversed(list(enumerate(rows)))}
    return first[row.workload]


def write(path: Path, rows: Sequence[Row], memories: Sequence[Memory], more: Mapping[str, object]) -> None:
    """The same as JSON, with what it was measured on."""
    document = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        **machine(),
        "rows": [row.as_json() for row in rows],
        "memory": [asdict(memory) for memory in memories],
        "aims": [asdict(aim) for aim in aims(rows, memories)],
        **more,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n")


def machine() -> dict[str, object]:
    """What something was measured on."""
    return {
        "machine": {
            "processor": _processor(),
            "system": platform.platform(terse=True),
            "python": platform.python_version(),
        },
        "versions": {
            name: _version(name) for name in ("llm-egress-gateway", "mitmproxy", "presidio-analyzer", "uvloop")
        },
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
