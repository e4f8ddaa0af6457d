"""One engine for all tests: it keeps nothing of what it read."""

from __future__ import annotations

import pytest

from dlp_recognizers.engine import Engine, EngineSettings


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The engine as it is shipped."""
    return Engine(EngineSettings())
