"""In processes of their own: OpenMP asks its environment once."""

import os
import subprocess
import sys


def said(program: str, **environment: str) -> list[str]:
    plain = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env=plain | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout.splitlines()


POLICY = """
import os
from tugan.core.threads import wait_politely
print(wait_politely(), os.environ.get("OMP_WAIT_POLICY"))
"""


def test_it_is_asked_for_before_torch_is_there() -> None:
    assert said(POLICY) == ["True passive"]
    assert said("import torch" + POLICY) == ["False None"]


def test_the_users_choice_stands() -> None:
    assert said(POLICY, OMP_WAIT_POLICY="active") == ["False active"]


def test_the_program_asks_for_it() -> None:
    program = """
import os, sys
from tugan.cli.app import main
sys.argv = ["tugan", "--version"]
try:
    main()
finally:
    print(os.environ.get("OMP_WAIT_POLICY"))
"""
    assert said(program)[-1] == "passive"
