"""Where to compute."""

import torch

from tugan.core.errors import DeviceError


def resolve_device(name: str | torch.device = "auto") -> torch.device:
    """The device of a string such as ``cpu``, ``cuda:1``, ``mps``, or ``auto`` for the best here.

    :class:`DeviceError` lists what there is.
    """
    if isinstance(name, torch.device):
        name = str(name)
    if name == "auto":
        found = available_devices()
        return torch.device(found[-1] if len(found) == 1 else found[1])
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise DeviceError(_no_such(name)) from error
    known = {torch.device(one) for one in available_devices()}
    indexed = device if device.type == "cpu" else torch.device(device.type, device.index or 0)
    if indexed not in known:
        raise DeviceError(_no_such(name))
    return device


def available_devices() -> list[str]:
    """``cpu``, then each accelerator of this machine."""
    accelerator = torch.accelerator.current_accelerator(check_available=True)
    if accelerator is None:
        return ["cpu"]
    count = torch.accelerator.device_count()
    return ["cpu", *(f"{accelerator.type}:{index}" for index in range(count))]


def _no_such(name: str) -> str:
    return f"there is no device {name!r} here; choose one of auto, {', '.join(available_devices())}"
