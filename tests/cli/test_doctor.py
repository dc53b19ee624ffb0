import torch

import tugan as package
from cli.program import Tugan


def test_the_doctor_finds_everything_in_order(tugan: Tugan) -> None:
    ran = tugan("doctor")
    assert ran.code == 0
    facts = dict(line.split(maxsplit=1) for line in ran.out.splitlines() if "mp4" not in line)
    assert facts["works"] == "yes"
    assert facts["tugan"] == package.__version__
    assert facts["model"] == "faces-1024"


def test_the_doctor_says_the_same_in_json(tugan: Tugan) -> None:
    ran = tugan("doctor", "--json")
    assert ran.code == 0
    assert ran.err == ""
    facts = ran.json()
    assert facts["works"] is True
    assert facts["torch"] == torch.__version__
    assert facts["devices"][0] == "cpu"
    assert isinstance(facts["mp4_and_webm"], bool)
