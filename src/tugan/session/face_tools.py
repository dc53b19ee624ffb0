"""What finds faces and knows them, loaded once for all sessions, on the engine's thread."""

import functools
from dataclasses import dataclass, field

from tugan.core.errors import MissingExtraError
from tugan.inversion.portrait import FaceTools
from tugan.perceptual.dlib_faces import DlibFaces
from tugan.perceptual.faces import FaceFinder, FaceSearch
from tugan.perceptual.identity import IdentityModel


@dataclass(frozen=True, kw_only=True)
class KnownFaces:
    """What there is of it here."""

    search: FaceSearch | None = field(default=None, repr=False)
    tools: FaceTools | None = field(default=None, repr=False)
    missing: str = ""
    """Why there is none: without the extra ``faces``."""

    @property
    def finder(self) -> FaceFinder | None:
        """Of the one face in a picture."""
        return None if self.tools is None else self.tools.finder


@functools.cache
def known_faces() -> KnownFaces:
    """The tools, or why there are none."""
    try:
        dlib = DlibFaces()
        return KnownFaces(search=dlib, tools=FaceTools(finder=dlib, model=IdentityModel()))
    except MissingExtraError as error:
        text = str(error)
        return KnownFaces(missing=f"{text[:1].upper()}{text[1:]}.")
