"""The projection that is usual, to compare with: Adam on all rows of W+, on the full picture."""

import time
from dataclasses import dataclass, field

import torch

from tugan.generators.protocol import Generator, Ws
from tugan.inversion.adam_state import ramped
from tugan.inversion.image_loss import PyramidLoss
from tugan.inversion.target import InversionTarget

MOST_STEPS = 1000


@dataclass(frozen=True, kw_only=True)
class Projection:
    """Where plain Adam came."""

    ws: Ws = field(repr=False)
    steps: int
    cpu_s: float
    """Of the processor, all threads."""


def project(
    target: InversionTarget,
    generator: Generator,
    *,
    cpu_s: float,
    identity: float,
    learning_rate: float,
) -> Projection:
    """From the mean of W, for so long or 1000 steps; the rate rises and falls as our search's does.

    The processor's time counts and not the clock's, so that others on the machine do not.
    ``identity`` is the weight of the squared distance of face embeddings.
    """
    began_s = time.process_time()
    statistics = generator.info.w_statistics
    assert statistics is not None
    ws = statistics.mean.expand(1, generator.info.num_ws, -1).clone().requires_grad_()
    optimiser = torch.optim.Adam([ws], lr=learning_rate)
    pyramid = PyramidLoss.of(target, largest_px=target.size_px)
    step, share = 0, 0.0
    while share < 1:
        picture = generator.finish(generator.begin(ws))
        loss = pyramid(picture)
        if target.identity is not None:
            loss = loss + identity * target.identity.squared_distance(picture)[0]
        optimiser.zero_grad()
        loss.backward()
        optimiser.param_groups[0]["lr"] = learning_rate * ramped(share)
        optimiser.step()
        step += 1
        share = max(step / MOST_STEPS, (time.process_time() - began_s) / cpu_s)
    return Projection(ws=ws.detach(), steps=step, cpu_s=time.process_time() - began_s)
