"""What one agent's worst requests cost the others: `python -m benchmarks.hostile` (part of `make bench`).

Small new requests go at a steady pace, first alone, then while another connection of another agent's sends the worst
there is, over and over: a 10 MB prompt, 100,000 messages, a gigabyte in a megabyte of zip, a PDF of 2,000 pages. Told
are what the hostile request was answered, how long that took, the small ones' p99 beside it as a multiple of p99 alone,
and the largest resident set of any process.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import io
import json
import os
import random
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import uvloop
from rich.console import Console
from rich.table import Table

from benchmarks import pki, texts
from benchmarks.gateway_target import Gateway
from benchmarks.http_client import Caller, Tally, paced, percentile
from benchmarks.processes import CORES, Tree, free_port, wait_for_port
from benchmarks.targets import WORK, Running

RESULT = Path(__file__).resolve().parent / "results" / "hostile.json"
RATE = 40.0
SECONDS = 6.0
BOUND = 2.0


def ten_megabytes(rng: random.Random) -> bytes:
    """One message of new text."""
    return texts.single(rng, 10 * 1024 * 1024)


def many_messages(rng: random.Random) -> bytes:
    """100,000 messages, each with a number of its own."""
    start = rng.randrange(10**6)
    messages = [{"role": "user", "content": f"note {start + number}"} for number in range(100_000)]
    return json.dumps({"model": "gpt-4.1", "messages": messages}).encode()


def zip_bomb(rng: random.Random) -> bytes:
    """A gigabyte of zeros and a little noise, in about a megabyte."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("notes.txt", "w") as member:
        member.write(rng.randbytes(64))
        block = bytes(1024 * 1024)
        for _ in range(1024):
            member.write(block)
    return _document("application/zip", packed.getvalue())


def long_pdf(rng: random.Random) -> bytes:
    """2,000 pages with a line each."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", "", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    kids = []
    for page in range(2000):
        line = f"BT /F1 12 Tf 72 720 Td (Page {page} of report {rng.randrange(10**9)}) Tj ET"
        kids.append(f"{len(objects) + 1} 0 R")
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >> "
            f"/Contents {len(objects) + 2} 0 R >>"
        )
        objects.append(f"<< /Length {len(line)} >>\nstream\n{line}\nendstream")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode()
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{place:010} 00000 n \n".encode() for place in places)
    out += f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
    return _document("application/pdf", bytes(out))


def _document(media_type: str, data: bytes) -> bytes:
    url = f"data:{media_type};base64,{base64.b64encode(data).decode()}"
    part = {"type": "file", "file": {"filename": "a", "file_data": url}}
    content = [{"type": "text", "text": "Sum this up."}, part]
    return json.dumps({"model": "gpt-4.1", "messages": [{"role": "user", "content": content}]}).encode()


ATTACKS: dict[str, Callable[[random.Random], bytes]] = {
    "10 MB prompt": ten_megabytes,
    "100,000 messages": many_messages,
    "zip bomb, 1 GB": zip_bomb,
    "PDF, 2,000 pages": long_pdf,
}


async def _attack(running: Running, make: Callable[[random.Random], bytes], alone: float) -> dict[str, object]:
    rng = random.Random(11)
    bodies = [make(rng) for _ in range(2)]
    hostile, over, largest = Tally(), False, 0
    print(f"    {len(bodies[0]) / 1e6:.1f} MB on the wire", flush=True)

    async def load() -> None:
        caller = Caller(running.endpoint, hostile)
        turn = 0
        while not over:
            await caller.ask(running.endpoint.request(bodies[turn % 2]), within=60)
            turn += 1
        caller.close()

    loading = asyncio.ensure_future(load())
    await asyncio.sleep(0.2)
    beside = await paced(running.endpoint, texts.singles(rng.randrange(10**6), 1024), rate=RATE, seconds=SECONDS)
    over = True
    largest = max(running.rss())
    await loading
    p99 = percentile(beside.latencies, 0.99) * 1e3
    return {
        "answers": {str(status): count for status, count in sorted(hostile.statuses.items())},
        "hostile_p50_ms": round(percentile(hostile.latencies, 0.5) * 1e3, 1),
        "others_p99_ms": round(p99, 2),
        "others_errors": beside.bad,
        "times_alone": round(p99 / alone, 2),
        "largest_rss_mb": round(largest / 1e6),
    }


async def _measure(running: Running, names: list[str]) -> dict[str, object]:
    await paced(running.endpoint, texts.singles(3, 1024), rate=RATE, seconds=2.0)
    quiet = await paced(running.endpoint, texts.singles(4, 1024), rate=RATE, seconds=SECONDS)
    alone = percentile(quiet.latencies, 0.99) * 1e3
    found: dict[str, object] = {"alone_p99_ms": round(alone, 2)}
    for name in names:
        print(f"  {name}", flush=True)
        found[name] = await _attack(running, ATTACKS[name], alone)
    return found


def main() -> int:
    """Run; 0 when no small request failed, 1 otherwise."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=list(ATTACKS), help="one attack instead of all")
    only = parser.parse_args().only
    WORK.mkdir(exist_ok=True)
    port = free_port()
    stub = Tree([sys.executable, "-m", "benchmarks.stub", "--port", str(port)], core=CORES[-1], log=WORK / "stub.log")
    gateway = Gateway(pki.make(WORK / "pki"))
    wait_for_port(port, stub, seconds=20)
    running = gateway.start(port)
    for process in (each for tree in running.trees for each in tree.members()):
        process.cpu_affinity(list(CORES))  # others may use the second core, as they would in service
    try:
        found = uvloop.run(_measure(running, [only] if only else list(ATTACKS)))
    finally:
        running.stop()
        stub.stop()
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(found, indent=1) + "\n")
    return _show(found)


def _show(found: dict[str, object]) -> int:
    table = Table(title=f"1 KB requests at {RATE:.0f}/s beside a hostile caller; alone p99 {found['alone_p99_ms']} ms")
    for column in ("hostile request", "answers", "p50 ms", "others' p99 ms", f"times alone (aim {BOUND:.0f})", "errors",
                   "largest RSS MB"):  # fmt: skip
        table.add_column(column)
    errors = 0
    for name, row in found.items():
        if isinstance(row, dict):
            errors += row["others_errors"]
            cells = (row["answers"], row["hostile_p50_ms"], row["others_p99_ms"], row["times_alone"],
                     row["others_errors"], row["largest_rss_mb"])  # fmt: skip
            table.add_row(name, *map(str, cells))
    Console(width=None if sys.stdout.isatty() else 150).print(table)
    return 1 if errors else 0


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    sys.exit(main())
