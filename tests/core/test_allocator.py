"""In processes of their own: the allocator belongs to the whole process."""

import os
import platform
import subprocess
import sys

import pytest

# Page faults, not seconds: what is allocated, filled and freed again and again.
FAULTS = """
import os, resource, sys
import torch
from tugan.core.allocator import keep_freed_memory
if sys.argv[1] == "kept":
    print(keep_freed_memory())
def use():
    # several at once: what is free at the heap's end is then more than glibc would keep
    return sum(x.fill_(1.0).sum() for x in [torch.empty(20 * 2**18) for _ in range(4)]).item()
use()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    use()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
needs_glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc's allocator")


def lines_of(program: str, *arguments: str, **environment: str) -> list[str]:
    plain = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MALLOC_", "TUGAN_MALLOC", "THP_"))
    }
    ran = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=plain | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout.splitlines()


@needs_glibc
def test_freed_memory_is_used_again() -> None:
    (plain,) = lines_of(FAULTS, "plain")
    said, kept = lines_of(FAULTS, "kept")
    assert said == "True"
    assert int(plain) > 20 * 1000, "otherwise the large blocks are fetched page by page each time"
    assert int(kept) < int(plain) / 3


@pytest.mark.parametrize("environment", [{"TUGAN_MALLOC": "system"}, {"MALLOC_ARENA_MAX": "2"}])
def test_the_users_choice_stands(environment: dict[str, str]) -> None:
    said, _ = lines_of(FAULTS, "kept", **environment)
    assert said == "False"


def test_loading_a_generator_does_it() -> None:
    program = """
import os, tugan
tugan.load_generator(device="cpu")
print(os.environ.get("THP_MEM_ALLOC_ENABLE"))
"""
    assert lines_of(program) == ["1" if sys.platform.startswith("linux") else "None"]
    assert lines_of(program, TUGAN_MALLOC="system") == ["None"]
