import asyncio
import struct

import pytest

from tugan.studio.frames import HEADER, FrameKind, WireFrame
from tugan.studio.outbox import MAX_WAITING, WINDOW, Outbox, Outgoing


def words(text: str, *, moving: bool = False) -> Outgoing:
    return Outgoing(make=lambda: text, moving=moving)


def moving(step: int) -> Outgoing:
    return Outgoing(
        make=lambda: WireFrame(kind=FrameKind.MOVING, step=step, encoded=b""), moving=True
    )


async def take_all(outbox: Outbox) -> list[str]:
    taken: list[str] = []
    while True:
        try:
            item = await asyncio.wait_for(outbox.take(), timeout=0.02)
        except TimeoutError:
            return taken
        made = item.make()
        if isinstance(made, WireFrame):
            outbox.number(made, moving=item.moving)
            taken.append(f"step {made.step}")
        elif made is not None:
            taken.append(made)


def test_in_order_and_the_newest_of_a_kind() -> None:
    async def run() -> None:
        outbox = Outbox()
        for key, text in [("state", "old"), ("notice", "hello"), ("state", "new")]:
            outbox.put(key, words(text))
        assert await take_all(outbox) == ["new", "hello"]

    asyncio.run(run())


def test_moving_pictures_wait_for_acknowledgements_and_stale_ones_are_never_made() -> None:
    async def run() -> None:
        outbox = Outbox()
        shown = []
        for step in range(WINDOW + 5):
            outbox.put("moving", moving(step))
            shown += await take_all(outbox)
        assert shown == [f"step {step}" for step in range(WINDOW)]
        outbox.put("state", words("state"))
        assert await take_all(outbox) == ["state"]
        outbox.ack(1)
        assert await take_all(outbox) == [f"step {WINDOW + 4}"]

    asyncio.run(run())


def test_acknowledging_a_picture_covers_those_before_it() -> None:
    async def run() -> None:
        outbox = Outbox()
        for step in range(WINDOW):
            outbox.put("moving", moving(step))
            await take_all(outbox)
        assert outbox.stalled_s() > 0
        outbox.ack(WINDOW)
        assert outbox.stalled_s() == 0
        for step in range(WINDOW + 3):
            outbox.put(step, moving(step))
        assert len(await take_all(outbox)) == WINDOW

    asyncio.run(run())


@pytest.mark.parametrize("seq", [0, 99, 2**32 - 1])
def test_acknowledging_what_was_never_sent_does_nothing(seq: int) -> None:
    async def run() -> None:
        outbox = Outbox()
        for step in range(WINDOW + 1):
            outbox.put(step, moving(step))
        await take_all(outbox)
        outbox.ack(seq)
        assert await take_all(outbox) == []

    asyncio.run(run())


def test_a_page_that_never_reads_costs_a_bounded_amount() -> None:
    async def run() -> None:
        outbox = Outbox()
        for number in range(MAX_WAITING + 100):
            outbox.put(object(), words(str(number)))
        taken = await take_all(outbox)
        assert len(taken) == MAX_WAITING
        assert taken[-1] == str(MAX_WAITING + 99)

    asyncio.run(run())


def test_the_header_is_what_the_page_reads() -> None:
    packed = WireFrame(kind=FrameKind.GALLERY, step=2**32 - 1, encoded=b"jpeg").packed(
        seq=7, time_s=1.5
    )
    assert struct.unpack("<BIId", packed[:17]) == (5, 7, 2**32 - 1, 1.5)
    assert HEADER.size == 17
    assert packed[17:] == b"jpeg"
