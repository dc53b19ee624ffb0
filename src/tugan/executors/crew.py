"""What pools of several workers have in common: who is idle, what waits, and what became of it."""

import time
from abc import abstractmethod
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from tugan.executors.protocol import START_S, Closing, Event, Finished, Lost, Told, Why


@dataclass(eq=False, kw_only=True)
class Member:
    """Who does batches, one after the other."""

    batch: int | None = None
    heard_s: float = 0.0
    ready: bool = False
    """It has loaded its libraries."""


MemberT = TypeVar("MemberT", bound=Member)


class Crew(Closing, Generic[MemberT]):
    """Batches go to whoever is idle; who dies or says nothing for too long is replaced."""

    def __init__(self, *, workers: int, limit_s: float | None) -> None:
        """Nobody is there yet: members are recruited as batches come."""
        self._workers, self._limit_s = workers, limit_s
        self._members: list[MemberT] = []
        self._waiting: deque[tuple[int, tuple[Any, ...]]] = deque()
        self._events: deque[Event] = deque()

    def submit(self, batch: int, items: tuple[Any, ...]) -> None:
        """Behind the others."""
        self._waiting.append((batch, items))

    def next(self) -> Event:
        """Waits for the first of all members."""
        while not self._events:
            self._hand_out()
            busy = [member for member in self._members if member.batch is not None]
            if not busy:
                raise RuntimeError("nothing was submitted")
            self._listen(busy)
            self._lose_the_late(busy)
        return self._events.popleft()

    def close(self) -> None:
        """End them all."""
        self._waiting.clear()
        for member in self._members:
            self._end(member)
        self._members.clear()

    @abstractmethod
    def _recruited(self) -> MemberT:
        """Somebody new."""

    @abstractmethod
    def _give(self, member: MemberT, items: tuple[Any, ...]) -> None:
        """Tell a member its batch; where that fails, lose it."""

    @abstractmethod
    def _listen(self, busy: Sequence[MemberT]) -> None:
        """Wait for somebody, at most until the next one is late, and take what was said."""

    @abstractmethod
    def _end(self, member: MemberT) -> None:
        """At once, even in the middle of something."""

    def _hand_out(self) -> None:
        idle = [member for member in self._members if member.batch is None]
        while self._waiting:
            if not idle:
                if len(self._members) >= self._workers:
                    return
                idle.append(self._recruited())
                self._members.append(idle[-1])
            member = idle.pop()
            member.batch, items = self._waiting.popleft()
            member.heard_s = time.monotonic()
            self._give(member, items)

    def _take(self, member: MemberT, kind: str, content: Any) -> None:  # noqa: ANN401 (a value)
        """What a member said: ready, a value, the end of its batch, or a traceback."""
        batch = member.batch
        assert batch is not None
        member.heard_s = time.monotonic()
        if kind == "ready":
            member.ready = True
            return
        if kind == "value":
            self._events.append(Told(batch=batch, value=content))
            return
        member.batch = None
        if kind == "end":
            self._events.append(Finished(batch=batch))
        else:
            self._events.append(Lost(batch=batch, why="raised", text=content))

    def _lose(self, member: MemberT, why: Why, text: str) -> None:
        """Its batch is undone, and it is no longer one of us."""
        batch = member.batch
        assert batch is not None
        self._members.remove(member)
        self._end(member)
        self._events.append(Lost(batch=batch, why=why, text=text))

    def _patience_s(self, busy: Sequence[MemberT]) -> float | None:
        """Until the first of them is late; None without a limit."""
        ends_s = [end_s for member in busy if (end_s := self._late_from_s(member)) is not None]
        return max(min(ends_s) - time.monotonic(), 0.0) if ends_s else None

    def _late_from_s(self, member: MemberT) -> float | None:
        if self._limit_s is None:
            return None
        return member.heard_s + self._limit_s + (0.0 if member.ready else START_S)

    def _lose_the_late(self, busy: Sequence[MemberT]) -> None:
        for member in busy:
            end_s = self._late_from_s(member)
            there = member in self._members and member.batch is not None
            if there and end_s is not None and time.monotonic() >= end_s:
                text = f"nothing was heard for {self._limit_s:g} s; its process was ended"
                self._lose(member, "time-limit", text)
