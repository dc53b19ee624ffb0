from collections.abc import Iterator

import pytest

from studio.running import RunningStudio, running_studio


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    """One for all tests that only need some studio."""
    with running_studio(tmp_path_factory.mktemp("state")) as running:
        yield running
