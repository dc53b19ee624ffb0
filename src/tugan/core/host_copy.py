"""Numbers from the device to the host and back, waiting for the device once at a time.

Reading a number (``float(x)``, ``bool(x)``, ``x.tolist()``) waits until the device has done all
that it was asked for. What belongs together is read together here: every call of :func:`on_host` is
one wait, and :func:`to_device` is none.
"""

import torch
from jaxtyping import Shaped
from torch import Tensor


def on_host(*tensors: Tensor) -> tuple[Tensor, ...]:
    """The same on the CPU, in one transfer; float32 and bool alone (``TypeError``).

    The shapes and types stay, autograd's history does not. For what is small: all is packed into
    one piece first.
    """
    for tensor in tensors:
        if tensor.dtype not in (torch.float32, torch.bool):
            raise TypeError(f"float32 and bool are read together, got {tensor.dtype}: convert it")
    flat = [tensor.detach().flatten().float() for tensor in tensors]
    parts = to_host(torch.cat(flat)).split([len(part) for part in flat])
    return tuple(
        part.view(tensor.shape).to(tensor.dtype)
        for part, tensor in zip(parts, tensors, strict=True)
    )


def to_host(tensor: Shaped[Tensor, "*n"]) -> Shaped[Tensor, "*n"]:
    """The same on the CPU, by way of pinned memory where there is such: that is twice as fast."""
    if not tensor.is_cuda:
        return tensor.cpu()
    pinned = torch.empty_like(tensor, device="cpu", pin_memory=True)
    pinned.copy_(tensor, non_blocking=True)
    # waits for this stream alone, and lets other threads run meanwhile
    torch.cuda.current_stream(tensor.device).record_event().synchronize()
    # pinned memory is scarce, and nobody should keep it
    return pinned.clone()


def to_device(tensor: Shaped[Tensor, "*n"], *, like: Tensor) -> Shaped[Tensor, "*n"]:
    """The same where ``like`` is and of its type, without waiting for the device."""
    if not like.is_cuda or tensor.is_cuda:
        return tensor.to(like)
    return tensor.to(like.dtype).pin_memory().to(like.device, non_blocking=True)
