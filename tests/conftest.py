"""Fixtures and rules for every test."""

from __future__ import annotations

import os
from pathlib import Path

# Before anything loads numpy: the model of names works in small matrices, where more threads only spin.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from hypothesis import HealthCheck, settings

# Two cores are shared by xdist workers and child processes: a deadline per example would be a timed test.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# The gate draws the same examples each time, so that a change fails for what it changed; people draw anew.
settings.register_profile("gate", settings.get_profile("default"), derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "gate" if os.environ.get("CI") else "default"))


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return Path(__file__).resolve().parent.parent
