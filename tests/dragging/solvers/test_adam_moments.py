import torch

from tugan.dragging.solvers.adam_moments import AdamMoments


def test_it_steps_as_torch_does() -> None:
    rng = torch.Generator().manual_seed(0)
    params = torch.randn(3, 7, generator=rng)
    theirs = params.clone().requires_grad_()
    optimiser = torch.optim.Adam([theirs], lr=1e-2)
    moments = AdamMoments.zeros_like(params)
    for _ in range(50):
        gradient = torch.randn(3, 7, generator=rng)
        theirs.grad = gradient.clone()
        optimiser.step()
        moments = moments.updated(gradient)
        params = params + moments.step(1e-2)
        torch.testing.assert_close(params, theirs.detach(), atol=1e-6, rtol=1e-5)


def test_values_are_not_changed_in_place() -> None:
    before = AdamMoments.zeros_like(torch.zeros(1, 2))
    before.updated(torch.ones(1, 2))
    assert before.count == 0
    assert not before.mean.any()
    assert not before.square.any()
