"""A real Ray cluster of two nodes on this machine."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from executors.test_executors import all_of, told
from executors.work import Making
from tugan.executors.protocol import Event, ExecutorError, Lost, Told
from tugan.executors.ray_cluster import RayExecutor

pytestmark = pytest.mark.xdist_group("ray")

ray = pytest.importorskip("ray") if not os.environ.get("TUGAN_NO_SKIP") else __import__("ray")
TESTS = str(Path(__file__).parents[1])


def test_an_address_where_nothing_is_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(ExecutorError, match=r"no Ray cluster answers at 127\.0\.0\.1:1"):
        RayExecutor(address="127.0.0.1:1").open(Making(folder=tmp_path))


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two nodes of one CPU each."""
    from ray.cluster_utils import Cluster

    before = os.environ.get("PYTHONPATH")
    # so that workers find the work that is defined here
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [TESTS, before]))
    nodes = Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": 1, "object_store_memory": 80 << 20, "include_dashboard": False},
    )
    nodes.add_node(num_cpus=1, object_store_memory=80 << 20)
    nodes.wait_for_nodes()
    yield nodes
    ray.shutdown()
    nodes.shutdown()  # type: ignore[no-untyped-call]
    if before is None:
        del os.environ["PYTHONPATH"]
    else:
        os.environ["PYTHONPATH"] = before


@pytest.fixture
def executor(cluster: Any) -> RayExecutor:  # noqa: ANN401 (it has no types)
    """On both nodes."""
    return RayExecutor(address=cluster.address)


def test_batches_come_back_whole_from_both_nodes(executor: RayExecutor, tmp_path: Path) -> None:
    with executor.open(Making(folder=tmp_path)) as pool:
        for batch in range(4):
            pool.submit(batch, (batch, batch + 1, "pid"))
        events = all_of(pool, 4)
    assert not [one for one in events if isinstance(one, Lost)]
    for batch in range(4):
        assert told(events, batch)[:2] == [batch**2, (batch + 1) ** 2]
    assert len({told(events, batch)[2] for batch in range(4)}) == 2


def test_what_raises_and_what_hangs_ends_its_batch_alone(
    executor: RayExecutor, tmp_path: Path
) -> None:
    with executor.open(Making(folder=tmp_path), limit_s=8) as pool:
        pool.submit(0, (2, "raise"))
        pool.submit(1, (3, "hang"))
        pool.submit(2, (4,))
        events = all_of(pool, 3)
    lost = {one.batch: one for one in events if isinstance(one, Lost)}
    assert (lost[0].why, lost[1].why) == ("raised", "time-limit")
    assert "broken on purpose" in lost[0].text
    assert [told(events, batch) for batch in range(3)] == [[4], [9], [16]]


def test_a_worker_that_is_killed_loses_only_what_it_was_at(
    executor: RayExecutor, tmp_path: Path
) -> None:
    with executor.open(Making(folder=tmp_path)) as pool:
        pool.submit(0, (2, "pid", "hang"))
        pool.submit(1, (3,))
        events: list[Event] = []
        while not (pids := [v for v in told(events, 0) if isinstance(v, int) and v > 4]):
            events.append(pool.next())
        os.kill(pids[0], signal.SIGKILL)
        while not [one for one in events if isinstance(one, Lost)]:
            events.append(pool.next())
        (lost,) = (one for one in events if isinstance(one, Lost))
        assert (lost.batch, lost.why) == (0, "died")
        assert told(events, 0)[0] == 4
        # and it is replaced
        pool.submit(2, (5,))
        while not [one for one in events if isinstance(one, Told) and one.batch == 2]:
            events.append(pool.next())
        assert told(events, 2) == [25]
