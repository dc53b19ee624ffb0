"""What a GPU would have waited for, noticed on a machine that has none."""

import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakIdKeyDictionary

_MOVES = (torch.ops.aten._to_copy.default, torch.ops.aten.copy_.default)
_LOOKS = {
    torch.ops.aten._local_scalar_dense.default,
    torch.ops.aten.nonzero.default,
    torch.ops.aten.masked_select.default,
    torch.ops.aten.equal.default,
    torch.ops.aten._linalg_eigh.default,
    torch.ops.aten._linalg_check_errors.default,
    torch.ops.aten._unique2.default,
}


@contextmanager
def unrecordable() -> Iterator[list[str]]:
    """What a CUDA graph cannot hold, with the line of the package, in work on the device ``meta``.

    Tensors there have shapes and no numbers: they stand for a GPU's, and the CPU's for the host's.
    """
    found: list[str] = []
    with _Literals(found), _Operations(found):
        yield found


class _Literals(TorchFunctionMode):
    """Tensors of Python numbers are made on the host and then copied."""

    def __init__(self, found: list[str]) -> None:
        super().__init__()
        self._found = found

    def __torch_function__(
        self,
        func: Any,  # noqa: ANN401 (a function of torch)
        types: Any,  # noqa: ANN401
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401
        if func in (torch.tensor, torch.as_tensor, torch.from_numpy, Tensor.new_tensor):
            self._found.append(f"{_line()}: {func.__name__}")
        return func(*args, **(kwargs or {}))


class _Operations(TorchDispatchMode):
    """Work that needs a number, or tensors of two places."""

    def __init__(self, found: list[str]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._found = found

    def __torch_dispatch__(
        self,
        func: Any,  # noqa: ANN401
        types: Any,  # noqa: ANN401
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401
        given = [one for one in tree_leaves((args, kwargs)) if isinstance(one, Tensor)]
        out = func(*args, **(kwargs or {}))
        made = [one for one in tree_leaves(out) if isinstance(one, Tensor) and func in _MOVES]
        # single numbers of the host travel with the kernel
        places = {one.device.type for one in [*given, *made] if one.ndim > 0 or one.is_meta}
        looks = func in _LOOKS or (func is torch.ops.aten.index.Tensor and _by_flags(args[1]))
        if looks or len(places) > 1:
            self._found.append(f"{_line()}: {func}")
        return out


def _line() -> str:
    frames = [one for one in traceback.extract_stack() if "/tugan/" in one.filename]
    if not frames:
        return "outside of the package"
    return f"{frames[-1].filename.rpartition('/tugan/')[2]}:{frames[-1].lineno}"


def _by_flags(places: Iterable[Tensor | None]) -> bool:
    return any(one is not None and one.dtype == torch.bool for one in places)


_READS: tuple[Callable[..., Any], ...] = (
    Tensor.cpu,
    Tensor.item,
    Tensor.tolist,
    Tensor.numpy,
    Tensor.__bool__,
    Tensor.__float__,
    Tensor.__int__,
    Tensor.nonzero,
    Tensor.equal,
    torch.nonzero,
    torch.equal,
    torch.linalg.eigh,
    torch.linalg.inv,
)


class DeviceReads(TorchFunctionMode):
    """Takes tensors, and all that is computed of them, to be on a device; notes each reading."""

    def __init__(self, *on_device: Tensor) -> None:
        super().__init__()
        self.found: list[str] = []
        self._there = WeakIdKeyDictionary()
        self._put_there(on_device)

    def __torch_function__(
        self,
        func: Any,  # noqa: ANN401
        types: Any,  # noqa: ANN401
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401
        given = [one for one in tree_leaves((args, kwargs)) if isinstance(one, Tensor)]
        there = any(one in self._there for one in given)
        out = func(*args, **(kwargs or {}))
        if there and func in _READS:
            self.found.append(func.__name__)
        if there and func is Tensor.cpu:
            return out.clone()  # here it would be the same tensor
        if there:
            self._put_there(tree_leaves(out))
        return out

    def _put_there(self, values: Iterable[object]) -> None:
        for one in values:
            if isinstance(one, Tensor):
                self._there[one] = True
