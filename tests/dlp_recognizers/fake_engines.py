"""Engines for the pool's tests. A text finds its own fate: `MARK-ddd` is found, a command word does what it says."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path
from typing import Any

from dlp_recognizers.hits import Hit, ScanIncomplete
from gateway.errors import ConfigurationError


class FakeEngine:
    version = "fake-1"

    def __init__(self, config: dict[str, Any]) -> None:
        self.notes = config.get("spacy_pipelines") or [""]
        self.hoard: list[bytearray] = []

    def warm(self) -> None:
        print("a library that prints must not disturb the frames")

    def scan(self, text: str) -> list[Hit]:
        self._obey(text)
        hits = [Hit(m.start(), m.end(), "MARK", 0.9, "mark") for m in re.finditer(r"MARK-\d+", text)]
        hits += [
            Hit(m.start(), m.end(), "PRIVATE_KEY", 1.0, "key")
            for m in re.finditer(r"-----BEGIN KEY-----[^-]*-----END KEY-----", text)
        ]
        return hits

    def _obey(self, text: str) -> None:
        if nap := re.search(r"sleep=([\d.]+)", text):
            time.sleep(float(nap[1]))
        if "hang" in text:
            time.sleep(60)
        if "raise-incomplete" in text:
            raise ScanIncomplete(text)
        if "raise-error" in text:
            raise ValueError(text)
        if "crash-once" in text and not Path(self.notes[0]).exists():
            Path(self.notes[0]).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if "crash-always" in text:
            os.kill(os.getpid(), signal.SIGKILL)
        if "hoard" in text:
            self.hoard.append(bytearray(b"x" * 64 * 1024 * 1024))
        if "whoami" in text:
            raise AssertionError(text)


def create(config: dict[str, Any]) -> FakeEngine:
    return FakeEngine(config)


class SlowEngine(FakeEngine):
    """A microsecond for each code point."""

    def scan(self, text: str) -> list[Hit]:
        time.sleep(len(text) * 1e-6)
        return super().scan(text)


def slow(config: dict[str, Any]) -> SlowEngine:
    return SlowEngine(config)


def missing_pipeline(config: dict[str, Any]) -> FakeEngine:
    raise ConfigurationError("spaCy pipeline 'xx' is not installed")


def broken(config: dict[str, Any]) -> FakeEngine:
    raise RuntimeError("a secret detail")


def starts_once(config: dict[str, Any]) -> FakeEngine:
    """Loads the first time only: afterwards every start crashes."""
    flag = Path(config["spacy_pipelines"][0])
    if flag.exists():
        os.kill(os.getpid(), signal.SIGKILL)
    flag.touch()
    return FakeEngine(config)


class LyingEngine(FakeEngine):
    """Claims to have found something outside the text."""

    def scan(self, text: str) -> list[Hit]:
        return [Hit(0, len(text) + 1, "MARK", 1.0, "liar")] if "lie" in text else super().scan(text)


def liar(config: dict[str, Any]) -> LyingEngine:
    return LyingEngine(config)
