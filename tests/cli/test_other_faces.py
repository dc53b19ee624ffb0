"""A handle on another face names that face."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cli.program import Tugan
from tugan.cli.drag_photo import PhotoPlace
from tugan.cli.other_faces import OtherFaces
from tugan.cli.points import PointPair
from tugan.core.errors import InvalidDragError
from tugan.core.images import to_rgb_array
from tugan.generators.loading import load_generator
from tugan.generators.protocol import sample_z, synthesize
from tugan.inversion.align import AlignedFace, manual_crop
from tugan.perceptual.faces import Face

needs_dlib = pytest.mark.skipif(
    importlib.util.find_spec("dlib") is None, reason="needs the extra 'faces'"
)
BESIDE = Face(landmarks_xy=np.zeros((68, 2)), embedding=np.zeros(128))
SQUARES = (
    manual_crop((200, 200), side_px=200),
    manual_crop((500, 200), side_px=160),
    manual_crop((620, 210), side_px=140),
)
FACES = tuple(AlignedFace(face=BESIDE, alignment=one) for one in SQUARES)


def pair(start: tuple[float, float], goal: tuple[float, float] | None = None) -> PointPair:
    return PointPair(start_xy=start, goal_xy=goal or (start[0] + 5, start[1]))


def told(*pairs: PointPair, dragged: int = 0, way: str = "drag it with --face {face}") -> str:
    place = PhotoPlace(alignment=SQUARES[dragged], size_px=128, photo_hw=(400, 800))
    others = OtherFaces(dragged=SQUARES[dragged], find=lambda: FACES, way=way)
    with pytest.raises(InvalidDragError) as caught:
        place.pairs_in_crop(pairs, others=others)
    return str(caught.value)


def test_a_handle_on_another_face_names_it() -> None:
    assert told(pair((500, 200))) == (
        "the handle (500, 200) is on face 2 of the photograph, and face 1 is the one that is"
        " dragged: drag it with --face 2"
    )
    assert "is on face 1 of the photograph, and face 2 is" in told(pair((190, 190)), dragged=1)


def test_where_squares_overlap_the_nearest_face_is_meant() -> None:
    assert "is on face 2 of" in told(pair((555, 205)))
    assert "is on face 3 of" in told(pair((575, 205)))


def test_handles_on_several_faces() -> None:
    for pairs, names, ways in (
        ((pair((200, 200)), pair((500, 200))), "(1 and 2)", "--face 1 or --face 2"),
        ((pair((480, 200)), pair((650, 200))), "(2 and 3)", "--face 2 or --face 3"),
    ):
        said = told(*pairs)
        assert "the handles are on different faces" in said
        assert names in said
        assert ways in said


def test_a_goal_beside_the_square_is_said_as_before_and_its_face_named() -> None:
    said = told(pair((200, 200), (500, 200)))
    assert said.startswith("the goal (500, 200) is outside the square around the face")
    assert said.endswith("choose a place inside it; face 2 is there: drag it with --face 2")


def test_a_place_on_no_face_is_said_as_before() -> None:
    assert told(pair((200, 350))).endswith("choose a place inside it")
    assert told(pair((200, 200), (200, 350))).endswith("choose a place inside it")
    assert "is outside the photograph" in told(pair((900, 200)))


def test_faces_are_not_looked_for_where_all_is_in_the_square() -> None:
    place = PhotoPlace(alignment=SQUARES[0], size_px=128, photo_hw=(400, 800))

    def find() -> tuple[AlignedFace, ...]:
        raise AssertionError("nobody asked")

    others = OtherFaces(dragged=SQUARES[0], find=find, way="")
    (inside,) = place.pairs_in_crop((pair((200, 200)),), others=others)
    assert inside.start_xy == pytest.approx((63.5, 63.5))


@needs_dlib
def test_the_second_face_of_a_photograph(tugan: Tugan, here: Path) -> None:
    generator = load_generator(device="cpu")
    whole = Image.effect_noise((900, 520), 20).convert("RGB")
    for seed, side, place in ((0, 420, (20, 50)), (14, 340, (520, 90))):
        ws = generator.map(sample_z(seed, z_dim=512), psi=0.7)
        face = Image.fromarray(to_rgb_array(synthesize(generator, ws)))
        whole.paste(face.resize((side, side)), place)
    whole.save(here / "two.png")
    on_second = ("--point", "690,260:700,260")
    ran = tugan("drag", "--image", "two.png", *on_second)
    assert ran.code == 2
    assert "is on face 2 of the photograph, and face 1 is" in ran.err
    assert "--face 2" in ran.err
    asked = ("invert", "two.png", "--steps", "1", "--no-tune", "-o", "me.tugan")
    assert tugan(*asked).code == 0
    ran = tugan("drag", "--project", "me.tugan", *on_second)
    assert ran.code == 2
    assert "tugan invert two.png --face 2" in ran.err
    ran = tugan("drag", "--image", "two.png", "--crop", "230,260,300", *on_second)
    assert "--face 2 instead of --crop" in ran.err
