"""What experiments are done with. Picklable: it goes to other processes whole."""

from dataclasses import dataclass, field

from tugan.bench.bench_error import BenchError
from tugan.bench.methods import Method
from tugan.generators.protocol import Generator
from tugan.perceptual.faces import FaceFinder


@dataclass(frozen=True, kw_only=True)
class Equipment:
    """A generator, the methods that are compared on it, and what finds faces."""

    generator: Generator = field(repr=False)
    faces: FaceFinder | None = field(default=None, repr=False)
    """None where no experiment asks for them."""
    methods: tuple[Method, ...]

    def method(self, name: str) -> Method:
        """The one of this name."""
        return next(one for one in self.methods if one.name == name)

    def finder(self) -> FaceFinder:
        """:class:`BenchError` without one."""
        if self.faces is None:
            raise BenchError("this experiment looks for faces, and no face finder was given")
        return self.faces
