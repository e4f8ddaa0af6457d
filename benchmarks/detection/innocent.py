"""Text that holds nothing: code by others, logs and JSON as machines write them. A seed gives the same text.

What stands in the logs is what fools matchers: epoch seconds, counters, block numbers, UUIDs, hashes, versions, sizes.
Client addresses are of the ranges that documentation reserves, and left out where a recognizer rightly finds them.
"""

from __future__ import annotations

import json
import random
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

_NOUNS: Final = """
account adapter batch block bucket cache client cluster commit config container controller cursor daemon event fetch
filter handler index job leader lease listener loader lock manager message metric node offset packet page partition
pool probe queue reader region replica request resource retry route scheduler segment server session shard signal
snapshot socket spool stage stream table task thread token topic transfer upload volume worker
"""
_WORDS: Final = _NOUNS.split()
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def logs(seed: int, lines: int) -> Iterator[tuple[str, str]]:
    """Kind and text of `lines` lines of logs of each kind."""
    for name, line in _LOGS.items():
        rng = random.Random(f"{seed} {name}")
        yield name, "".join(f"{line(rng, number)}\n" for number in range(lines))


def documents(seed: int, lines: int) -> Iterator[tuple[str, str]]:
    """Kind and text of about `lines` lines of JSON of each kind."""
    for name, record in _RECORDS.items():
        rng = random.Random(f"{seed} {name}")
        rows = [record(rng, number) for number in range(max(1, lines // 6))]
        yield f"{name}, a record a line", "".join(json.dumps(row) + "\n" for row in rows)
        yield f"{name}, indented", json.dumps(rows, indent=2) + "\n"


def code(seed: int, lines: int) -> Iterator[tuple[str, str]]:
    """Kind and text of files of the standard library and of installed packages, about `lines` lines of each."""
    paths = sysconfig.get_paths()
    for kind, folder in (("standard library", paths["stdlib"]), ("installed packages", paths["purelib"])):
        files = sorted(Path(folder).rglob("*.py"))
        if kind == "standard library":
            files = [file for file in files if "site-packages" not in file.parts and "test" not in file.parts]
        yield from ((kind, text) for text in _some(files, f"{seed} {kind}", lines))


def package_json(seed: int, lines: int) -> Iterator[tuple[str, str]]:
    """Kind and text of JSON files and metadata of installed packages, about `lines` lines."""
    folder = Path(sysconfig.get_paths()["purelib"])
    files = sorted(file for file in folder.rglob("*.json") if file.stat().st_size < 1 << 20)
    texts = _some(files, f"{seed} json", lines)
    # Bills of materials name their authors, who are rightly found.
    yield from (("JSON of installed packages", text) for text in texts if '"bomFormat"' not in text)


def _some(files: list[Path], seed: str, lines: int) -> Iterator[str]:
    random.Random(seed).shuffle(files)
    for file in files:
        try:
            text = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        yield text
        lines -= text.count("\n")
        if lines <= 0:
            return


def _stamp(rng: random.Random) -> str:
    return (
        f"2024-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d} {rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}:"
        f"{rng.randint(0, 59):02d}"
    )


def _hex(rng: random.Random, bits: int) -> str:
    return f"{rng.getrandbits(bits):0{bits // 4}x}"


def _uuid(rng: random.Random) -> str:
    digits = _hex(rng, 128)
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def _version(rng: random.Random) -> str:
    return f"{rng.randint(0, 12)}.{rng.randint(0, 40)}.{rng.randint(0, 20)}"


def _syslog(rng: random.Random, number: int) -> str:
    said = rng.choice(
        (
            f"Started Session {rng.randint(1, 99999)} of user {rng.choice(_WORDS)}.",
            f"{rng.choice(_WORDS)}.service: Main process exited, code=exited, status={rng.randint(0, 255)}",
            f"EXT4-fs (sda{rng.randint(1, 9)}): mounted filesystem with ordered data mode. Opts: errors=remount-ro",
            f"[{rng.uniform(1, 900000):.6f}] pci 0000:{rng.randint(0, 99):02d}:1f.{rng.randint(0, 7)}: "
            f"BAR {rng.randint(0, 6)}: assigned [mem 0x{_hex(rng, 32)}-0x{_hex(rng, 32)}]",
            f"audit: type=1400 audit({rng.randint(17 * 10**8, 18 * 10**8)}.{rng.randint(0, 999):03d}:"
            f'{rng.randint(1, 99999)}): apparmor="STATUS" pid={rng.randint(100, 99999)}',
        )
    )
    when = f"{rng.choice(_MONTHS)} {rng.randint(1, 28):2d} {rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}:07"
    return f"{when} host-{rng.randint(1, 99)} {rng.choice(_WORDS)}d[{rng.randint(100, 99999)}]: {said}"


def _web(rng: random.Random, number: int) -> str:
    path = "/".join(rng.choices(_WORDS, k=rng.randint(1, 4)))
    day = f"{rng.randint(1, 28):02d}/{rng.choice(_MONTHS)}/2024"
    when = f"{day}:{rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}:12 +0000"
    return (
        f'- - - [{when}] "{rng.choice(("GET", "POST", "PUT"))} /{path}/{rng.randint(1, 10**10)}?v={_version(rng)}&t='
        f'{rng.randint(16 * 10**11, 18 * 10**11)} HTTP/1.1" {rng.choice((200, 201, 304, 404, 500))} '
        f'{rng.randint(100, 10**7)} "-" "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) '
        f'Chrome/{rng.randint(90, 130)}.0.{rng.randint(1000, 9999)}.{rng.randint(10, 200)} Safari/537.36" '
        f"{rng.uniform(0, 3):.3f} {_hex(rng, 128)}"
    )


def _kubernetes(rng: random.Random, number: int) -> str:
    tail = "".join(rng.choices("bcdfghjklmnpqrstvwxz2456789", k=5))
    name = f"{rng.choice(_WORDS)}-{rng.choice(_WORDS)}-{_hex(rng, 36)}-{tail}"
    image = f"registry.example/{rng.choice(_WORDS)}@sha256:{_hex(rng, 256)}"
    return (
        f"I{rng.randint(1, 12):02d}{rng.randint(1, 28):02d} {rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}:"
        f"{rng.randint(0, 59):02d}.{rng.randint(0, 999999):06d} {rng.randint(1, 40):7d} {rng.choice(_WORDS)}.go:"
        f'{rng.randint(10, 2999)}] "Updated" pod="kube-system/{name}" UID="{_uuid(rng)}" '
        f'image="{image}" resourceVersion={rng.randint(10**6, 10**10)}'
    )


def _blocks(rng: random.Random, number: int) -> str:
    return (
        f"0811{rng.randint(10, 28)} {rng.randint(0, 23):02d}{rng.randint(0, 59):02d}{rng.randint(0, 59):02d} "
        f"{rng.randint(1, 99999)} INFO dfs.{rng.choice(('DataNode$PacketResponder', 'FSNamesystem', 'DataNode'))}: "
        f"{rng.choice(('PacketResponder 1 for block', 'BLOCK* NameSystem.addStoredBlock:', 'Receiving block'))} "
        f"blk_{rng.choice(('', '-'))}{rng.getrandbits(62)} size {rng.choice((67108864, rng.randint(1, 67108864)))}"
    )


def _health(rng: random.Random, number: int) -> str:
    return (
        f"20171223-{rng.randint(0, 23)}:{rng.randint(0, 59)}:{rng.randint(0, 59)}:{rng.randint(0, 999)}|Step_"
        f"{rng.choice(('LSC', 'SPUtils', 'StandReportReceiver'))}|30002312|"
        f"{rng.choice(('onStandStepChanged', 'getTodayTotalDetailSteps =', 'setTodayTotalDetailSteps='))} "
        f"{rng.randint(1514038530000, 1514124930000)}##{rng.randint(1, 9999)}##{rng.randint(10**5, 10**6)}##"
        f"{rng.randint(8000, 9000)}##{rng.randint(10000, 20000)}##{rng.randint(10**7, 10**8)}"
    )


def _application(rng: random.Random, number: int) -> str:
    return (
        f"{_stamp(rng)},{rng.randint(0, 999):03d} {rng.choice(('INFO', 'DEBUG', 'WARN'))} "
        f"[{rng.choice(_WORDS)}-{rng.randint(1, 64)}] c.e.{rng.choice(_WORDS).capitalize()}Service "
        f"- {rng.choice(_WORDS)} {_uuid(rng)} seq={1_000_000_000 + number * 977} epoch={1_700_000_000 + number * 61} "
        f"took {rng.randint(1, 99999)} ms, {rng.uniform(0, 100):.2f}% of {rng.randint(10**9, 10**12)} bytes, "
        f"v{_version(rng)}"
    )


def _trace(rng: random.Random, number: int) -> str:
    if number % 3:
        return (
            f"\tat org.{rng.choice(_WORDS)}.{rng.choice(_WORDS)}.{rng.choice(_WORDS).capitalize()}$"
            f"{rng.choice(_WORDS).capitalize()}.{rng.choice(_WORDS)}({rng.choice(_WORDS).capitalize()}.java:"
            f"{rng.randint(1, 2999)}) ~[{rng.choice(_WORDS)}-{_version(rng)}.jar:{_version(rng)}]"
        )
    return (
        f"{_stamp(rng)} ERROR trace_id={_hex(rng, 128)} span_id={_hex(rng, 64)} "
        f"{rng.choice(_WORDS).capitalize()}Exception: 0x{_hex(rng, 32)} at offset {rng.getrandbits(48)}"
    )


def _metrics(rng: random.Random, number: int) -> str:
    return (
        f'{rng.choice(_WORDS)}_{rng.choice(_WORDS)}_seconds_bucket{{le="{rng.choice((0.005, 0.1, 2.5, 10))}",'
        f'pod="{rng.choice(_WORDS)}-{rng.randint(0, 9)}"}} {rng.randint(0, 10**16)} {17 * 10**11 + number * 15000}'
    )


_LOGS: Final[dict[str, Callable[[random.Random, int], str]]] = {
    "syslog": _syslog,
    "web server": _web,
    "Kubernetes": _kubernetes,
    "HDFS-like": _blocks,
    "health-app-like": _health,
    "application": _application,
    "stack traces": _trace,
    "metrics": _metrics,
}


def _event(rng: random.Random, number: int) -> dict[str, object]:
    return {
        "id": rng.getrandbits(53),
        "created": rng.randint(16 * 10**8, 18 * 10**8),
        "updated_ms": rng.randint(16 * 10**11, 18 * 10**11),
        "trace": _hex(rng, 128),
        "etag": f'W/"{_hex(rng, 160)}"',
        "version": _version(rng),
    }


def _order(rng: random.Random, number: int) -> dict[str, object]:
    return {
        "order": f"{rng.choice('ABCX')}{rng.randint(10**6, 10**9)}",
        "sku": f"{rng.choice(_WORDS)[:3].upper()}-{rng.randint(1000, 99999)}-{rng.randint(10, 99)}",
        "ean": f"{rng.randint(10**12, 10**13 - 1)}",
        "price": round(rng.uniform(1, 999), 2),
        "placed": _stamp(rng),
        "tracking": rng.randint(10**13, 10**14),
    }


def _geometry(rng: random.Random, number: int) -> dict[str, object]:
    return {
        "type": "Polygon",
        "points": [[rng.uniform(0, 4000), rng.uniform(0, 4000)] for _ in range(4)],
        "bbox": [rng.randint(0, 4000) for _ in range(4)],
        "area": rng.uniform(0, 10**7),
    }


def _package(rng: random.Random, number: int) -> dict[str, object]:
    name = rng.choice(_WORDS)
    return {
        "name": f"@{rng.choice(_WORDS)}/{name}",
        "version": _version(rng),
        "resolved": f"https://registry.example/{name}/-/{name}-{_version(rng)}.tgz",
        "integrity": f"sha512-{''.join(rng.choices('ABCDEFGHabcdefgh0123456789+/', k=86))}==",
        "engines": {"node": f">={_version(rng)}"},
    }


def _resource(rng: random.Random, number: int) -> dict[str, object]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": f"{rng.choice(_WORDS)}-{rng.choice(_WORDS)}",
            "uid": _uuid(rng),
            "resourceVersion": str(rng.randint(10**6, 10**10)),
            "generation": rng.randint(1, 99),
            "annotations": {"checksum/config": _hex(rng, 256)},
        },
    }


_RECORDS: Final[dict[str, Callable[[random.Random, int], dict[str, object]]]] = {
    "events": _event,
    "orders": _order,
    "geometry": _geometry,
    "lock file": _package,
    "Kubernetes resources": _resource,
}
