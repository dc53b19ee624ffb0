import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from bench.texture_fakes import SIDE, CrossedToy
from tugan.bench.bench_error import BenchError
from tugan.bench.texture_picture import (
    EDGE_SHARE,
    TexturedPicture,
    draw_textured,
    random_places,
    random_shift,
)
from tugan.bench.texture_task import Texture, TextureTask
from tugan.dragging.texture import texture_scores
from tugan.generators.toy import ToyGenerator

# the toy looks much the same everywhere: its scores are from 0.43 to 0.56
TASK = TextureTask(pairs=2, handles=2, low_below=0.48, high_from=0.52)


@pytest.fixture(scope="module")
def drawn() -> TexturedPicture:
    return draw_textured(CrossedToy(), TASK, index=1)


def test_each_texture_has_its_handles_and_they_score_so(drawn: TexturedPicture) -> None:
    kinds = [(one.texture, one.place) for one in drawn.handles]
    assert kinds == [(texture, place) for texture in Texture for place in (0, 1)]
    toy = CrossedToy()
    features = toy.advance(toy.begin(drawn.ws), until_px=32).features
    points = torch.tensor([one.handle_xy for one in drawn.handles])
    scores = texture_scores(features, points, image_hw=(SIDE, SIDE))
    low, middle, high = scores.view(3, 2)
    assert float(low.max()) < 0.48 <= float(middle.min())
    assert float(middle.max()) < 0.52 <= float(high.min())
    assert [one.score for one in drawn.handles] == pytest.approx(scores.tolist(), abs=1e-5)


def test_goals_are_as_far_as_asked_and_in_the_middle(drawn: TexturedPicture) -> None:
    edge = EDGE_SHARE * SIDE
    for one in drawn.handles:
        assert math.dist(one.handle_xy, one.goal_xy) == pytest.approx(10, abs=0.02)
        for value in (*one.handle_xy, *one.goal_xy):
            assert edge - 0.01 <= value <= SIDE - 1 - edge + 0.01
    # in more than one direction
    ways = {round(math.atan2(o.goal_xy[1] - o.handle_xy[1], 1)) for o in drawn.handles}
    assert len(ways) > 1


def test_the_index_and_the_seed_alone_say_which(drawn: TexturedPicture) -> None:
    again = draw_textured(CrossedToy(), replace(TASK, pairs=9), index=1)
    assert again.handles == drawn.handles
    assert torch.equal(again.ws, drawn.ws)
    assert torch.equal(again.plain, drawn.plain)
    for other, index in ((TASK, 0), (replace(TASK, seed=1), 1)):
        found = draw_textured(CrossedToy(), other, index=index)
        assert found.seed != drawn.seed
        assert found.handles != drawn.handles


def test_a_generator_without_flat_regions_is_refused() -> None:
    with pytest.raises(BenchError, match=r"lack handles with a texture score below 0\.2"):
        draw_textured(CrossedToy(), TextureTask(pairs=1), index=0)


def test_a_picture_without_a_middle_is_refused() -> None:
    thin = ToyGenerator(size_hw=(16, 128))
    with pytest.raises(BenchError, match="128 x 16 px has no middle"):
        draw_textured(thin, TASK, index=0)


def test_a_shift_that_fits_nowhere_leads_inward() -> None:
    rng = np.random.default_rng(0)
    corner = np.array([[32.0, 32.0]])
    shift = random_shift(rng, corner, 300.0, image_hw=(SIDE, SIDE))
    assert shift == pytest.approx((300 / 2**0.5, 300 / 2**0.5), abs=0.01)


def test_places_are_spread_over_the_middle() -> None:
    places = random_places(np.random.default_rng(0), 4000, image_hw=(128, 256))
    assert places.min(axis=0).tolist() == [32, 32]
    assert places.max(axis=0).tolist() == [223, 95]
    assert (places == places.round()).all()
