"""One running gateway for all tests of a module that only send requests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.gateway import RunningGateway, running


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """A gateway with one worker and four stub upstreams."""
    with running(tmp_path_factory.mktemp("gateway")) as instance:
        yield instance


@pytest.fixture(autouse=True)
def _forget(request: pytest.FixtureRequest) -> None:
    """Each test sees only its own requests at the upstreams."""
    if "gateway" in request.fixturenames:
        instance: RunningGateway = request.getfixturevalue("gateway")
        instance.stubs.clear()
