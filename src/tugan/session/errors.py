"""What a session refuses, in words for people and a word for programs."""

from tugan.core.errors import TuganError


class SessionError(TuganError):
    """A command that was refused; nothing was changed."""

    def __init__(self, code: str, text: str, remedy: str = "") -> None:
        """``code`` is a kebab word such as ``unknown-model``."""
        super().__init__(f"{text} {remedy}".rstrip())
        self.code, self.text, self.remedy = code, text, remedy


def loading_error() -> SessionError:
    """There is no picture yet."""
    return SessionError("loading", "The model is still loading.", "Wait a moment.")
