import codecs
import json
from pathlib import Path

import pytest

from tugan.cli.options import OptionError
from tugan.cli.points import PointPair, one_of_each, parse_point, read_points
from tugan.core.errors import InvalidDragError
from tugan.core.point_limit import MAX_POINTS


@pytest.mark.parametrize(
    ("text", "start_xy", "goal_xy"),
    [
        ("640,740:664,710", (640, 740), (664, 710)),
        (" 1 , 2 : 3 , 4 ", (1, 2), (3, 4)),
        ("1.5,.25:3e1,+4", (1.5, 0.25), (30, 4)),
        ("-1,-2:0,0", (-1, -2), (0, 0)),
    ],
)
def test_a_point_is_read_as_people_type_it(
    text: str, start_xy: tuple[float, float], goal_xy: tuple[float, float]
) -> None:
    assert parse_point(text) == PointPair(start_xy=start_xy, goal_xy=goal_xy)


@pytest.mark.parametrize(
    "text",
    ["", "1,2", "1,2:3", "1,2:3,4,5", "a,b:c,d", "1;2:3;4", "1,2:3,4:5,6", "nan,1:2,3", "1,,2:3,4"],
)
def test_what_is_no_point_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(OptionError, match="expected x,y:x,y, such as 640,740:664,710") as caught:
        parse_point(text)
    assert repr(text) in str(caught.value)


def file_with(folder: Path, content: str) -> Path:
    path = folder / "points.json"
    path.write_text(content, encoding="utf-8")
    return path


@pytest.mark.parametrize("wrapped", [False, True])
def test_points_of_a_file_may_stand_alone_or_under_points(tmp_path: Path, wrapped: bool) -> None:
    entries = [{"start": [1, 2.5], "goal": [3, 4]}, {"start": [5, 6], "goal": [7, 8], "id": "b"}]
    path = file_with(tmp_path, json.dumps({"points": entries} if wrapped else entries))
    assert read_points(path) == [
        PointPair(start_xy=(1, 2.5), goal_xy=(3, 4)),
        PointPair(start_xy=(5, 6), goal_xy=(7, 8)),
    ]


@pytest.mark.parametrize(
    "content",
    [
        "5",
        '"points"',
        "{}",
        '{"points": 5}',
        "[1, 2]",
        "[[1, 2, 3, 4]]",
        '[{"start": [1, 2]}]',
        '[{"start": [1, 2], "goal": [3]}]',
        '[{"start": [1, 2], "goal": [3, "4"]}]',
        '[{"start": [1, 2], "goal": [3, NaN]}]',
        '[{"start": [1, 2], "goal": [3, Infinity]}]',
        '[{"start": [true, 2], "goal": [3, 4]}]',
        '[{"start": null, "goal": [3, 4]}]',
    ],
)
def test_a_file_of_the_wrong_form_is_refused_with_the_right_one(
    tmp_path: Path, content: str
) -> None:
    with pytest.raises(OptionError, match=r'expected a list such as \[\{"start": \[x, y\]'):
        read_points(file_with(tmp_path, content))


def test_the_wrong_entry_is_numbered(tmp_path: Path) -> None:
    path = file_with(tmp_path, '[{"start": [1, 2], "goal": [3, 4]}, {"start": [1, 2]}]')
    with pytest.raises(OptionError, match=r"points\.json: point 2: "):
        read_points(path)


@pytest.mark.parametrize("content", [b"", b"{", b"not JSON", b"\xff\xfe\x00", b"[1, 2,]"])
def test_what_is_no_json_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "points.json"
    path.write_bytes(content)
    with pytest.raises(OptionError, match=r"cannot read .*points\.json as JSON"):
        read_points(path)


@pytest.mark.parametrize(
    "content",
    [
        '[{"start": [1%s, 2], "goal": [3, 4]}]' % ("0" * 400),
        '[{"start": [%s, 2], "goal": [3, 4]}]' % ("1" * 5000),
        "[" * 100_000,
    ],
    ids=["overflows", "too many digits", "too deep"],
)
def test_outrageous_json_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(OptionError):
        read_points(file_with(tmp_path, content))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"there is no points file .*gone\.json"):
        read_points(tmp_path / "gone.json")


def test_a_folder_is_no_points_file(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="is a folder"):
        read_points(tmp_path)


ONE = '[{"start": [1, 2], "goal": [3, 4], "name": "augenwinkel"}]'


def test_a_byte_order_mark_is_no_part_of_the_points(tmp_path: Path) -> None:
    path = tmp_path / "points.json"
    path.write_bytes(codecs.BOM_UTF8 + ONE.encode())
    assert read_points(path) == [PointPair(start_xy=(1, 2), goal_xy=(3, 4))]


@pytest.mark.parametrize(
    ("encoding", "named"),
    [
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
        ("utf-32", "UTF-32"),
        ("utf-32-be", "UTF-32"),
        ("latin-1", "not text in UTF-8"),
    ],
)
def test_text_in_another_encoding_is_to_be_saved_as_utf_8(
    tmp_path: Path, encoding: str, named: str
) -> None:
    path = tmp_path / "points.json"
    path.write_bytes(ONE.replace("augen", "äugen").encode(encoding))
    with pytest.raises(OptionError, match=f"{named}.*save it as UTF-8") as caught:
        read_points(path)
    assert "codec" not in str(caught.value)


def test_a_key_that_is_given_twice_is_refused(tmp_path: Path) -> None:
    path = file_with(tmp_path, '[{"start": [1, 2], "goal": [3, 4], "goal": [5, 6]}]')
    with pytest.raises(OptionError, match="gives 'goal' twice"):
        read_points(path)


def test_a_file_without_end_is_refused_before_it_fills_the_memory() -> None:
    with pytest.raises(OptionError, match="/dev/zero is a device: give a file"):
        read_points(Path("/dev/zero"))


def test_too_many_points_are_refused(tmp_path: Path) -> None:
    entry = {"start": [1, 2], "goal": [3, 4]}
    path = file_with(tmp_path, json.dumps([entry] * (MAX_POINTS + 1)))
    with pytest.raises(InvalidDragError, match=f"at most {MAX_POINTS} can be dragged"):
        read_points(path)


def test_a_point_that_is_given_twice_is_one() -> None:
    first, again = parse_point("10,20:30,40"), parse_point("10.2,20.1:30,40.3")
    two_goals = parse_point("10,20:31,40")
    kept, said = one_of_each([first, two_goals, again, first])
    assert kept == (first, two_goals)
    assert said == (
        "the point 10,20:30,40 is given more than once: it is one point, and counts once",
    )
