"""Memory that is freed and wanted again: how the C library and torch are asked to keep it.

A drag allocates the same large maps again and again. By default glibc gives each back to the
system and fetches it anew, page by page; on 2 CPU cores that was half the time of a 1024 px picture
(``docs/performance.md``).
"""

import ctypes
import os
import sys
from functools import cache

ENVIRONMENT_VARIABLE = "TUGAN_MALLOC"
KEPT_BYTES = 512 * 2**20
"""Of freed memory, at most, at the end of the heap."""
LARGEST_KEPT_BYTES = 32 * 2**20
"""Of a block, the most that glibc allows; larger ones go back at once."""

# of glibc's malloc.h
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3


@cache
def keep_freed_memory() -> bool:
    """Let this process reuse the large blocks that it frees; false if it is left as it is.

    Linux with glibc; elsewhere, and with the environment's ``TUGAN_MALLOC=system``, nothing is
    changed. Limits that the user has set by glibc's own variables stand. Calling it again is free.
    """
    if os.environ.get(ENVIRONMENT_VARIABLE) == "system" or not sys.platform.startswith("linux"):
        return False
    # read by torch at its first tensor: large pages, so that a large block is fetched in few steps
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
    if any(name.startswith("MALLOC_") for name in os.environ):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
        _ = ctypes.CDLL(None).gnu_get_libc_version  # musl has a mallopt that does nothing
    except (OSError, AttributeError):
        return False
    wanted = ((_M_MMAP_THRESHOLD, LARGEST_KEPT_BYTES), (_M_TRIM_THRESHOLD, KEPT_BYTES))
    return all(mallopt(option, value) == 1 for option, value in wanted)
