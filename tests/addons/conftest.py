"""One folder, PKI and snapshot for the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.addons.rig import World, make_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Shared; a test that changes its files makes its own."""
    made = make_world(tmp_path_factory.mktemp("world"))
    yield made
    made.held.close()
