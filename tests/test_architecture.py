"""Imports go one way, libraries stay in their fences, modules stay small, and importing does nothing."""

from __future__ import annotations

import ast
import fnmatch
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("gateway", "addons", "dlp_recognizers", "routing_rules", "certs")

# First match wins. A module that no line names stops the test: where it belongs is a decision, not a default.
LAYERS: tuple[tuple[str, int], ...] = (
    # L4 roots: they put everything together
    ("gateway.__main__", 4),
    ("gateway.explain*", 4),
    ("gateway.doctor*", 4),
    ("gateway.eval_cli", 4),
    ("gateway.match_cli", 4),
    ("gateway.fingerprint_cli", 4),
    ("gateway.init", 4),
    ("gateway.supervisor*", 4),
    ("gateway.check", 4),
    ("addons.chain", 4),
    ("addons.worker", 4),
    ("addons.status", 4),
    # L3 edges
    ("addons*", 3),
    ("gateway.admin*", 3),
    ("gateway.control*", 3),
    # L2 adapters: files, clocks, sockets, processes, and what one request carries
    ("dlp_recognizers*", 2),
    ("gateway.snapshot", 2),
    ("gateway.exchange", 2),
    ("gateway.steps", 2),
    ("gateway.evidence*", 2),
    ("gateway.logs", 2),
    ("gateway.state_store", 2),
    ("gateway.versions", 2),
    ("gateway.jwks", 2),
    ("certs*", 2),
    # L0 words
    ("gateway", 0),
    ("gateway.model", 0),
    ("gateway.attached", 0),
    ("gateway.errors", 0),
    ("gateway.ports", 0),
    ("gateway.entities", 0),
    # L1 policy: functions of values, and the documents that people write
    ("gateway.*", 1),
    ("routing_rules*", 1),
)

# library -> the only modules that may import it
FENCES: dict[str, tuple[str, ...]] = {
    "mitmproxy": ("addons*",),
    "OpenSSL": ("addons*",),
    "presidio_analyzer": ("dlp_recognizers*",),
    "presidio_anonymizer": ("dlp_recognizers*",),
    "spacy": ("dlp_recognizers*",),
    "aiohttp": ("gateway.admin*", "gateway.control*"),
    "redis": ("gateway.evidence.redis_sink",),
    "prometheus_client": ("gateway.evidence.metrics",),
    "sqlite3": ("gateway.evidence*", "gateway.state_store"),
    "yaml": ("gateway.documents*", "gateway.yaml*"),
}

# What a function of values has no use for.
IMPURE = {"asyncio", "multiprocessing", "random", "socket", "subprocess", "threading", "time"}
MAY_BE_IMPURE: dict[str, str] = {}

MAX_LINES = 300
MAY_BE_LONGER: dict[str, str] = {}


@cache
def modules() -> dict[str, Path]:
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imports(module: str) -> frozenset[str]:
    """Absolute names that the module imports anywhere, also inside functions and under TYPE_CHECKING."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(modules()[module].read_bytes())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno}: relative import"
            base = node.module or ""
            # `from gateway import model` imports a module, `from gateway.model import Usage` a name out of one.
            names.update(f"{base}.{a.name}" if f"{base}.{a.name}" in modules() else base for a in node.names)
    return frozenset(names)


def layer(module: str) -> int:
    for pattern, number in LAYERS:
        if fnmatch.fnmatchcase(module, pattern):
            return number
    raise AssertionError(f"{module} has no layer: add it to LAYERS")


def allowed(module: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatchcase(module, pattern) for pattern in patterns)


@pytest.mark.parametrize("module", sorted(modules()))
def test_imports_go_downwards_only(module: str) -> None:
    own = {name for name in imports(module) if name.split(".")[0] in PACKAGES}
    upwards = sorted(name for name in own if layer(name) > layer(module))
    assert not upwards, f"{module} (L{layer(module)}) imports upwards: " + ", ".join(
        f"{n} (L{layer(n)})" for n in upwards
    )
    if module.startswith("addons") and layer(module) < 4:
        assert not [n for n in own if n.startswith(("gateway.admin", "gateway.control"))], (
            "an addon imports the other edge"
        )
    if module.startswith(("gateway.admin", "gateway.control")):
        assert not [n for n in own if n.startswith("addons")], "an endpoint imports the other edge"


@pytest.mark.parametrize("module", sorted(modules()))
def test_libraries_stay_in_their_fences(module: str) -> None:
    for name in imports(module):
        fence = FENCES.get(name.split(".")[0])
        assert fence is None or allowed(module, fence), f"{module} imports {name}; only {', '.join(fence)} may"


@pytest.mark.parametrize("module", sorted(m for m in modules() if layer(m) <= 1 and m not in MAY_BE_IMPURE))
def test_policy_is_a_function_of_values(module: str) -> None:
    assert not imports(module) & IMPURE, f"{module} is policy and imports {sorted(imports(module) & IMPURE)}"


@pytest.mark.parametrize("module", sorted(modules()))
def test_modules_stay_small(module: str) -> None:
    lines = modules()[module].read_text("utf-8").count("\n")
    assert lines <= MAX_LINES or module in MAY_BE_LONGER, f"{module} has {lines} lines, more than {MAX_LINES}"


def test_exceptions_are_still_needed() -> None:
    assert set(MAY_BE_LONGER) <= set(modules())
    assert set(MAY_BE_IMPURE) <= set(modules())


HEAVY = (
    "mitmproxy",
    "OpenSSL",
    "presidio_analyzer",
    "spacy",
    "aiohttp",
    "redis",
    "prometheus_client",
    "sqlite3",
    "yaml",
)


@pytest.mark.parametrize("module", sorted(m for m in modules() if layer(m) == 0))
def test_importing_the_words_is_cheap_and_does_nothing(module: str) -> None:
    program = f"""
import sys, time
def watch(event, args):
    if event in ("socket.connect", "socket.bind", "subprocess.Popen", "os.system", "os.mkdir", "os.remove"):
        raise SystemExit(f"import does {{event}}")
    if event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        raise SystemExit("import opens a file for writing")
sys.dont_write_bytecode = True
sys.addaudithook(watch)
started = time.process_time()
import {module}
spent = time.process_time() - started
heavy = [name for name in {HEAVY!r} if name in sys.modules]
assert not heavy, heavy
assert spent < 0.5, spent  # generous: it is some ten milliseconds, on a busy machine too
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
