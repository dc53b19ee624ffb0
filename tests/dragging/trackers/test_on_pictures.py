import torch

from tugan.dragging.trackers.on_pictures import OnPictures, watched
from tugan.dragging.trackers.patch import Patch
from tugan.generators.toy import ToyGenerator


def test_a_tracker_sees_features_or_the_picture_without_a_graph(toy: ToyGenerator) -> None:
    ws = torch.full((1, 4, 8), 0.1, requires_grad=True)
    standing = toy.advance(toy.begin(ws), until_px=32)
    features = watched(Patch(), toy, standing)
    picture = watched(OnPictures(tracker=Patch()), toy, standing)
    assert features.tracker == picture.tracker == Patch()
    assert torch.equal(features.seen, standing.features)
    assert torch.equal(picture.seen, toy.finish(toy.begin(ws)))
    assert not features.seen.requires_grad
    assert not picture.seen.requires_grad
