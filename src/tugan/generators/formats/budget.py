"""How much work and memory one checkpoint file may cost."""

from typing import final

from tugan.core.errors import CheckpointError

MAX_STEPS = 1_000_000
"""Instructions and copied items in one file; StyleGAN2 and its discriminator need under 100 000."""
BYTES_PER_FILE_BYTE = 4
"""Text and tensors together; an honest file needs one, or two in the oldest pickle protocols."""
SPARE_BYTES = 1 << 20
"""So that tiny files are not held to a few bytes."""


@final
class Budget:
    """A running account that every reader of one file draws on, nested ones included.

    Without it a small file could ask for the same large value again and again.
    """

    __slots__ = ("_bytes", "_steps")

    def __init__(self, file_size: int) -> None:
        self._steps = MAX_STEPS
        self._bytes = file_size * BYTES_PER_FILE_BYTE + SPARE_BYTES

    def spend_steps(self, count: int = 1) -> None:
        """Take steps from the account; CheckpointError when there are none left."""
        self._steps -= count
        if self._steps < 0:
            raise CheckpointError(
                f"expected a checkpoint of at most {MAX_STEPS} steps, but this file asks for more; "
                "it is damaged or made to exhaust the machine"
            )

    def spend_bytes(self, count: int) -> None:
        """Take memory from the account; CheckpointError when there is none left."""
        self._bytes -= count
        if self._bytes < 0:
            raise CheckpointError(
                f"expected a checkpoint to unfold to at most {BYTES_PER_FILE_BYTE} times its size, "
                "but this file asks for more; it is damaged or made to exhaust the memory"
            )
