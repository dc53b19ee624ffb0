"""``tugan drag --project`` of projects that somebody made to do harm."""

from pathlib import Path

from cli.program import Tugan
from make_hostile_projects import good_project, hostile_projects
from tugan.generators.protocol import PretrainedGenerator
from tugan.generators.saving import fingerprint


def test_each_is_one_sentence_or_a_picture_and_runs_nothing(
    tugan: Tugan, here: Path, model: Path, stylegan2_128: PretrainedGenerator
) -> None:
    info = stylegan2_128.info
    good = good_project(
        model=str(model),
        fingerprint=fingerprint(stylegan2_128),
        rows=info.num_ws,
        width=info.w_dim,
        side_px=info.size_hw[0],
    )
    path = here / "x.tugan"
    path.write_bytes(good)
    outputs = ("--steps", "1", "-o", "out.png")
    assert tugan("drag", "--project", path, *outputs).code == 0
    opened = 0
    for one in hostile_projects(good):
        (here / "out.png").unlink(missing_ok=True)
        path.write_bytes(one.content)
        ran = tugan("drag", "--project", path, *outputs)
        assert ran.code in (0, 2), one.name
        opened += ran.code == 0
        assert "Traceback" not in ran.err, one.name
        if ran.code == 2:
            # beside what is said of the photograph before
            *before, last = ran.err.strip().splitlines()
            assert last.startswith("tugan: "), (one.name, ran.err)
            assert all(line.startswith("warning: ") for line in before), (one.name, ran.err)
            assert not (here / "out.png").exists(), one.name
        assert {each.name for each in here.iterdir()} <= {"x.tugan", "out.png"}, one.name
    assert opened
