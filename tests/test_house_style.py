"""What reviewers would otherwise have to say again and again, over the files that are committed."""

from __future__ import annotations

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("gateway/", "addons/", "dlp_recognizers/", "routing_rules/", "certs/")

# Where catching everything is the job. Each has its reason beside it.
MAY_CATCH_EVERYTHING: dict[str, str] = {
    "addons/dispatch.py": "the wrapper that turns whatever an addon raises into a refusal",
    "addons/proxy/connection.py": "the same for the layers of a connection",
    "addons/response.py": "the same for the filter of a running stream",
    "dlp_recognizers/engine.py": "a recognizer that fails must never look like a clean text",
    "dlp_recognizers/worker.py": "whatever a scan raises makes it incomplete, which refuses",
    "gateway/evidence/redis_sink.py": "the drain outlives whatever a sink does",
    "gateway/__main__.py": "main prints one line instead of a traceback with values in it",
}

FORBIDDEN: tuple[tuple[str, str], ...] = (
    (r"errors\s*=\s*[\"'](ignore|replace|surrogateescape)[\"']", "bytes that cannot be read are refused, not dropped"),
    (r"\b(TODO|FIXME|XXX|HACK)\b", "file an issue instead"),
)

EVERYWHERE: tuple[tuple[str, str], ...] = (
    ("/(ho" + r"me|Users)/[a-z][\w.-]*/", "an absolute home path"),
    ("/ro" + r"ot/[.\w]", "an absolute home path"),
    ("BEGIN " + r"(?:[A-Z]+ )*PRIVATE KEY-----\s*\\?n?\s*[A-Za-z0-9+/=]{60,}", "private key material"),
    (r"(?:index|extra-index|find-links)[-_]url?\s*=?\s*https?://", "a package index"),
    (r"files\.pythonhosted\.org|pypi\.org/simple|registry\.npmjs\.org", "a registry's host name"),
    (r"(?<![A-Za-z0-9])AK" + r"IA[0-9A-Z]{16}(?![A-Za-z0-9])", "a literal cloud key: assemble it at run time"),
    (r"(?<![A-Za-z0-9])gh" + r"[pousr]_[A-Za-z0-9]{36}", "a literal token: assemble it at run time"),
)

BINARY = {".png", ".jpg", ".ico", ".woff2", ".gz", ".bin", ".der", ".zst", ".br"}
VAGUE = {"utils.py", "util.py", "helpers.py", "helper.py", "manager.py", "common.py", "misc.py"}


@cache
def files() -> tuple[str, ...]:
    """Paths that are committed or about to be. Outside a Git checkout: every file of the sources."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if done.returncode == 0:
        names = [name for name in done.stdout.decode().split("\0") if name]
    else:
        names = [str(path.relative_to(ROOT)) for source in SOURCES for path in (ROOT / source).rglob("*.py")]
    return tuple(name for name in sorted(set(names)) if (ROOT / name).is_file())


def python_sources() -> list[str]:
    return [name for name in files() if name.startswith(SOURCES) and name.endswith(".py")]


def catches_everything(handler: ast.ExceptHandler) -> bool:
    if isinstance(handler.body[-1], ast.Raise) and handler.body[-1].exc is None:
        return False  # it cleans up and lets the error go on
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(
        kind is None or (isinstance(kind, ast.Name) and kind.id in {"Exception", "BaseException"}) for kind in kinds
    )


@pytest.mark.parametrize("name", python_sources())
def test_nothing_catches_everything(name: str) -> None:
    if name in MAY_CATCH_EVERYTHING:
        return
    tree = ast.parse((ROOT / name).read_bytes())
    lines = [n.lineno for n in ast.walk(tree) if isinstance(n, ast.ExceptHandler) and catches_everything(n)]
    assert not lines, f"{name}: lines {lines} catch everything; name the errors, or add the file and its reason"


@pytest.mark.parametrize("name", python_sources())
def test_sources_hold_no_forbidden_words(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    for pattern, why in FORBIDDEN:
        found = re.search(pattern, text)
        assert found is None, f"{name}:{text.count(chr(10), 0, found.start()) + 1}: {found.group()!r}: {why}"


@pytest.mark.parametrize("name", python_sources())
def test_modules_are_named_after_what_they_hold(name: str) -> None:
    assert Path(name).name not in VAGUE, f"{name} says nothing about what is in it"


def test_nothing_is_committed_that_belongs_elsewhere() -> None:
    found = []
    for name in files():
        path = ROOT / name
        if path.suffix in BINARY or path.stat().st_size > 2_000_000:
            continue
        text = path.read_bytes().decode("utf-8", "replace")
        for pattern, why in EVERYWHERE:
            hit = re.search(pattern, text)
            if hit:
                found.append(f"{name}:{text.count(chr(10), 0, hit.start()) + 1}: {why}")
    assert not found, "\n".join(found)


def test_no_key_or_state_file_is_committed() -> None:
    bad = [name for name in files() if Path(name).suffix in {".pem", ".key", ".p12", ".pfx", ".sqlite", ".db"}]
    assert not bad, bad
