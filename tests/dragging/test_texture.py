import pytest
import torch

from tugan.dragging.feature_flow import structure_tensors
from tugan.dragging.problem import DragProblem
from tugan.dragging.texture import (
    CLEARLY_BETTER,
    POOR_SCORE,
    SUGGESTION_PX_AT_512,
    HandleAdvice,
    advice_on_handles,
    texture_scores,
)
from tugan.generators.protocol import PretrainedGenerator, sample_z

EYE, CHEEK, BACKGROUND = (416.0, 480.0), (800.0, 608.0), (96.0, 96.0)


@pytest.fixture(scope="module")
def advice(faces: PretrainedGenerator) -> list[HandleAdvice]:
    handles = torch.tensor([EYE, CHEEK, BACKGROUND])
    ws = faces.map(sample_z(5, z_dim=faces.info.z_dim))
    return advice_on_handles(
        DragProblem(generator=faces, ws=ws, handles_xy=handles, targets_xy=handles + 5)
    )


def test_eyes_have_more_texture_than_skin_or_background(advice: list[HandleAdvice]) -> None:
    eye, cheek, background = advice
    assert (eye.handle_xy, cheek.handle_xy, background.handle_xy) == (EYE, CHEEK, BACKGROUND)
    assert eye.score > 0.8
    assert cheek.score < 0.4
    assert background.score < POOR_SCORE
    assert [each.poor for each in advice] == [False, False, True]


def test_only_poor_handles_are_told_of_a_better_place(
    advice: list[HandleAdvice], faces: PretrainedGenerator
) -> None:
    eye, cheek, background = advice
    assert eye.better_xy is None
    assert cheek.better_xy is None
    assert background.better_xy is not None
    better = torch.tensor(background.better_xy)
    # 512 px are half this picture's side
    assert (better - torch.tensor(BACKGROUND)).norm() <= 2 * SUGGESTION_PX_AT_512
    ws = faces.map(sample_z(5, z_dim=faces.info.z_dim))
    with torch.no_grad():
        features = faces.advance(faces.begin(ws), until_px=64).features
    places = torch.stack([torch.tensor(BACKGROUND), better])
    tensors = structure_tensors(features, places, image_hw=faces.info.size_hw)
    here, there = torch.linalg.eigvalsh(tensors)[:, 0].tolist()
    usual = here * (1 - background.score) / background.score
    score = there / (there + usual)
    assert score >= max(CLEARLY_BETTER * background.score, POOR_SCORE)


def test_the_median_of_the_picture_scores_a_half() -> None:
    features = torch.randn(1, 4, 24, 24, generator=torch.Generator().manual_seed(0))
    unit = torch.rand(400, 2, generator=torch.Generator().manual_seed(1))
    scores = texture_scores(features, 95 * unit, image_hw=(96, 96))
    assert scores.median() == pytest.approx(0.5, abs=0.05)
    assert (scores >= 0).all()
    assert (scores <= 1).all()
    louder = texture_scores(7 * features, 95 * unit, image_hw=(96, 96))
    torch.testing.assert_close(louder, scores, atol=1e-3, rtol=0)


def test_a_flat_place_scores_nothing() -> None:
    features = torch.randn(1, 4, 24, 24, generator=torch.Generator().manual_seed(0))
    features[:, :, :8, :8] = features[:, :, :1, :1]
    features[:, :, 16:] = features[:, :, 16:17]  # edges from top to bottom
    places = torch.tensor([[12.0, 12.0], [50.0, 84.0], [50.0, 40.0]])
    flat, edge, textured = texture_scores(features, places, image_hw=(96, 96)).tolist()
    assert flat < 1e-3
    assert edge < 1e-3
    assert textured > 0.3


def test_the_sentence_names_the_places() -> None:
    poor = HandleAdvice(handle_xy=(20.0, 30.5), score=0.1, better_xy=None)
    assert poor.sentence == "there is little texture at the handle (20, 30.5): it may slide"
    told = HandleAdvice(handle_xy=(20.0, 30.5), score=0.1, better_xy=(24.2, 31.0))
    assert told.sentence == poor.sentence + "; (24, 31) can be followed better"
