"""A session with somebody in front of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest
import torch

from tugan.generators.toy import ToyGenerator
from tugan.session.document import Document
from tugan.session.engine import Engine
from tugan.session.events import Event
from tugan.session.incoming import PhotoSettings
from tugan.session.limits import SessionLimits
from tugan.session.model_store import ModelStore
from tugan.session.session import PointInput, Session

Kind = TypeVar("Kind", bound=Event)


@dataclass(kw_only=True)
class Person:
    """Gives commands, and remembers all that is told."""

    session: Session
    engine: Engine
    events: list[Event] = field(default_factory=list)

    def settle(self) -> None:
        """Until everything is done."""
        self.engine.wait_for(self.session.id)

    def of(self, kind: type[Kind]) -> list[Kind]:
        """The events of this kind, in order."""
        return [event for event in tuple(self.events) if isinstance(event, kind)]

    @property
    def document(self) -> Document:
        """As it is now."""
        document = self.session.snapshot().document
        assert document is not None
        return document

    @property
    def texts(self) -> list[str]:
        """Of the history."""
        return [entry.text for entry in self.session.snapshot().entries]

    def point(
        self,
        handle_xy: tuple[float, float],
        goal_xy: tuple[float, float] | None = None,
        *,
        id: int = 1,
    ) -> None:
        """Set one point and no others."""
        self.session.set_points([PointInput(id=id, handle_xy=handle_xy, goal_xy=goal_xy)], "add")

    def drag(self) -> None:
        """Start, and wait for the end."""
        self.session.start()
        self.settle()


@pytest.fixture
def engine() -> Iterator[Engine]:
    """Closed at the end."""
    running = Engine()
    yield running
    running.close()


def toy_of_64(device: torch.device) -> ToyGenerator:
    """A loader."""
    return ToyGenerator()


@pytest.fixture(scope="session")
def models() -> ModelStore:
    """Toys of two sizes beside the catalogue."""
    return ModelStore(
        "cpu",
        keep=3,
        loaders={
            "toy": toy_of_64,
            "toy-128": lambda device: ToyGenerator(size_hw=(128, 128)),
            "spoiled": lambda device: ToyGenerator(spoiled_beyond=3.0),
        },
    )


Sit = Callable[..., Person]


@pytest.fixture
def sit(engine: Engine, models: ModelStore) -> Iterator[Sit]:
    """Open a session on a model and wait until it is there."""
    people: list[Person] = []

    def down(
        model: str | None = "toy",
        *,
        id: str | None = None,
        limits: SessionLimits | None = None,
        photos: PhotoSettings | None = None,
        autosave: Path | None = None,
    ) -> Person:
        session = Session(
            id or f"session-{len(people)}",
            engine,
            models,
            limits=limits,
            photos=photos,
            autosave=autosave,
        )
        person = Person(session=session, engine=engine)
        session.listener = person.events.append
        people.append(person)
        if model is not None:
            session.open_default(model)
            person.settle()
        return person

    yield down
    for person in people:
        person.session.close()


@pytest.fixture
def person(sit: Sit) -> Person:
    """In front of the toy of 64 px."""
    return sit()
