"""StyleGAN3 as plainly as it can be written, and random files of it in NVIDIA's layout.

By the formulas of Karras et al. 2021, in float64 and for one picture at a time: zeros are inserted,
filters are scipy's and two-dimensional, weights are modulated. Nothing of it is shared with tugan.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.signal  # type: ignore[import-untyped]
import scipy.special  # type: ignore[import-untyped]
import torch
from torch import Tensor
from torch.nn import functional as F

from foreign_checkpoints import Persistent, pickled

Tensors = dict[str, Tensor]


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What the program is started with; its defaults but for the widths."""

    img_resolution: int = 64
    channel_base: float = 256
    channel_max: int = 10
    num_layers: int = 14
    num_critical: int = 2
    first_cutoff: float = 2
    first_stopband: float = 2**2.1
    last_stopband_rel: float = 2**0.3
    margin_size: int = 10
    output_scale: float = 0.25
    conv_kernel: int = 3
    filter_size: int = 6
    lrelu_upsampling: int = 2
    use_radial_filters: bool = False
    conv_clamp: float | None = 256
    z_dim: int = 12
    w_dim: int = 16
    c_dim: int = 0


T = Shape()
R = Shape(conv_kernel=1, use_radial_filters=True)


@dataclass(frozen=True, kw_only=True)
class Layer:
    name: str
    is_rgb: bool
    fan_in: int
    fan_out: int
    kernel: int
    out_size: int
    up: int
    down: int
    up_taps: int
    down_taps: int
    up_filter: np.ndarray | None
    down_filter: np.ndarray | None


@dataclass(frozen=True, kw_only=True)
class Plan:
    size: int
    rate: int
    cutoff: float
    channels: int
    layers: tuple[Layer, ...]


def plan(shape: Shape) -> Plan:
    """Sizes, rates and filters of all layers."""
    n, res = shape.num_layers, shape.img_resolution
    e = np.minimum(np.arange(n + 1) / (n - shape.num_critical), 1)
    last_stopband = res / 2 * shape.last_stopband_rel
    cutoffs = shape.first_cutoff * (res / 2 / shape.first_cutoff) ** e
    stopbands = shape.first_stopband * (last_stopband / shape.first_stopband) ** e
    rates = 2 ** np.ceil(np.log2(np.minimum(2 * stopbands, res)))
    half_widths = np.maximum(stopbands, rates / 2) - cutoffs
    sizes = (rates + 2 * shape.margin_size).astype(int)
    sizes[-2:] = res
    channels = np.rint(np.minimum(shape.channel_base / 2 / cutoffs, shape.channel_max)).astype(int)
    channels[-1] = 3
    layers = []
    for i in range(n + 1):
        j, is_rgb = max(i - 1, 0), i == n
        working = max(rates[j], rates[i]) * (1 if is_rgb else shape.lrelu_upsampling)
        up, down = int(np.rint(working / rates[j])), int(np.rint(working / rates[i]))
        up_taps = shape.filter_size * up if up > 1 and not is_rgb else 1
        down_taps = shape.filter_size * down if down > 1 and not is_rgb else 1
        radial = shape.use_radial_filters and i < n - shape.num_critical
        layers.append(
            Layer(
                name=f"synthesis.L{i}_{sizes[i]}_{channels[i]}",
                is_rgb=is_rgb,
                fan_in=int(channels[j]),
                fan_out=int(channels[i]),
                kernel=1 if is_rgb else shape.conv_kernel,
                out_size=int(sizes[i]),
                up=up,
                down=down,
                up_taps=up_taps,
                down_taps=down_taps,
                up_filter=low_pass(up_taps, cutoffs[j], 2 * half_widths[j], working, radial=False),
                down_filter=low_pass(
                    down_taps, cutoffs[i], 2 * half_widths[i], working, radial=radial
                ),
            )
        )
    return Plan(
        size=int(sizes[0]),
        rate=int(rates[0]),
        cutoff=float(cutoffs[0]),
        channels=int(channels[0]),
        layers=tuple(layers),
    )


def low_pass(
    taps: int, cutoff: float, width: float, rate: float, *, radial: bool
) -> np.ndarray | None:
    """A row of taps, or a square of them if ``radial``."""
    if taps == 1:
        return None
    if not radial:
        row: np.ndarray = scipy.signal.firwin(taps, cutoff, width=width, fs=rate)
        return row
    x = (np.arange(taps) - (taps - 1) / 2) / rate
    r = np.sqrt(x[:, None] ** 2 + x[None, :] ** 2)
    kernel = scipy.special.j1(2 * np.pi * cutoff * r) / (np.pi * r)
    attenuation = scipy.signal.kaiser_atten(taps, width / (rate / 2))
    window = np.kaiser(taps, scipy.signal.kaiser_beta(attenuation))
    kernel = kernel * window[:, None] * window[None, :]
    square: np.ndarray = kernel / kernel.sum()
    return square


def random_tensors(shape: Shape, *, seed: int = 0) -> Tensors:
    """A generator in NVIDIA's names; the latent turns and moves its waves."""
    rng = torch.Generator().manual_seed(seed)

    def normal(*size: int) -> Tensor:
        return torch.randn(size, generator=rng)

    drawn, w = plan(shape), shape.w_dim
    tensors = {"mapping.w_avg": 0.2 * normal(w)}
    fan_in = shape.z_dim
    if shape.c_dim:
        tensors["mapping.embed.weight"] = normal(w, shape.c_dim)
        tensors["mapping.embed.bias"] = normal(w)
        fan_in += w
    for index in range(2):
        tensors[f"mapping.fc{index}.weight"] = normal(w, fan_in) / 0.01
        tensors[f"mapping.fc{index}.bias"] = normal(w)
        fan_in = w
    direction = normal(drawn.channels, 2)
    lengths = drawn.cutoff * torch.rand(drawn.channels, 1, generator=rng).sqrt()
    tensors |= {
        "synthesis.input.weight": normal(drawn.channels, drawn.channels),
        "synthesis.input.affine.weight": 0.3 * normal(4, w),
        "synthesis.input.affine.bias": torch.tensor([1.0, 0, 0, 0]),
        "synthesis.input.transform": torch.eye(3),
        "synthesis.input.freqs": direction / direction.norm(dim=1, keepdim=True) * lengths,
        "synthesis.input.phases": torch.rand(drawn.channels, generator=rng) - 0.5,
    }
    for layer in drawn.layers:
        tensors |= {
            f"{layer.name}.weight": normal(layer.fan_out, layer.fan_in, layer.kernel, layer.kernel),
            f"{layer.name}.bias": 0.1 * normal(layer.fan_out),
            f"{layer.name}.affine.weight": normal(layer.fan_in, w),
            f"{layer.name}.affine.bias": torch.ones(layer.fan_in),
            f"{layer.name}.magnitude_ema": 0.5 + torch.rand((), generator=rng),
        }
        for kind, taps in (("up", layer.up_filter), ("down", layer.down_filter)):
            if taps is not None:
                tensors[f"{layer.name}.{kind}_filter"] = torch.from_numpy(taps).float()
    return tensors


def write_pickle(
    path: Path,
    tensors: Mapping[str, Tensor],
    *,
    stated: Mapping[str, object] | None = None,
    layer_stated: Mapping[str, object] | None = None,
) -> Path:
    """A pickle whose ``G_ema`` was made with the arguments ``stated``."""
    tree: dict[str, object] = {}
    for name, tensor in tensors.items():
        place = tree
        *modules, last = name.split(".")
        for module in modules:
            place = place.setdefault(module, {})  # type: ignore[assignment]
        place[last] = tensor
    generator = _module("Generator", tree, {})
    generator.meta["state"]["_init_kwargs"] = dict(stated or {})  # type: ignore[index]
    synthesis = generator.meta["state"]["_modules"]["synthesis"]  # type: ignore[index]
    for name, layer in synthesis.meta["state"]["_modules"].items():
        if name != "input":
            layer.meta["state"].update(layer_stated or {})
    path.write_bytes(pickled({"G": None, "D": None, "G_ema": generator}))
    return path


_BUFFERS = ("w_avg", "transform", "freqs", "phases", "magnitude_ema", "up_filter", "down_filter")


def _module(kind: str, tree: Mapping[str, object], state: dict[str, object]) -> Persistent:
    tensors = {name: value for name, value in tree.items() if isinstance(value, Tensor)}
    parameters = {
        name: torch.nn.Parameter(tensor) for name, tensor in tensors.items() if name not in _BUFFERS
    }
    modules = {
        name: _module("Layer", value, {}) for name, value in tree.items() if isinstance(value, dict)
    }
    buffers: dict[str, Tensor | None] = {
        name: tensor for name, tensor in tensors.items() if name in _BUFFERS
    }
    if "magnitude_ema" in tensors:
        # as the program stores a filter that is not there
        buffers = {"up_filter": None, "down_filter": None, **buffers}
    return Persistent(
        kind,
        {"_parameters": parameters, "_buffers": buffers, "_modules": modules, "training": False},
    )


def stated(shape: Shape) -> dict[str, object]:
    """All of a shape, as the generator's own arguments."""
    return {
        "z_dim": shape.z_dim,
        "c_dim": shape.c_dim,
        "w_dim": shape.w_dim,
        "img_resolution": shape.img_resolution,
        "img_channels": 3,
        "mapping_kwargs": {"num_layers": 2},
        "channel_base": shape.channel_base,
        "channel_max": shape.channel_max,
        "num_critical": shape.num_critical,
        "first_cutoff": shape.first_cutoff,
        "first_stopband": shape.first_stopband,
        "last_stopband_rel": shape.last_stopband_rel,
        "margin_size": shape.margin_size,
        "output_scale": shape.output_scale,
        "conv_kernel": shape.conv_kernel,
        "filter_size": shape.filter_size,
        "lrelu_upsampling": shape.lrelu_upsampling,
        "use_radial_filters": shape.use_radial_filters,
        "conv_clamp": shape.conv_clamp,
    }


@dataclass(frozen=True)
class Reference:
    """A generator of these tensors."""

    shape: Shape
    tensors: Mapping[str, Tensor]

    def take(self, name: str) -> Tensor:
        return self.tensors[name].double()

    def linear(self, name: str, x: Tensor, *, lr_multiplier: float = 1) -> Tensor:
        weight = self.take(f"{name}.weight")
        gain = lr_multiplier / weight.shape[1] ** 0.5
        out: Tensor = x @ (weight * gain).T + self.take(f"{name}.bias") * lr_multiplier
        return out

    def map(self, z: Tensor, label: Tensor | None = None, *, psi: float = 1) -> Tensor:
        """``(rows, w)`` of one ``z``."""
        x = unit(z.double())
        if label is not None:
            x = torch.cat([x, unit(self.linear("mapping.embed", label.double()))], dim=1)
        for index in range(2):
            x = self.linear(f"mapping.fc{index}", x, lr_multiplier=0.01)
            x = F.leaky_relu(x, 0.2) * 2**0.5
        mean = self.take("mapping.w_avg")
        return (mean + psi * (x - mean)).repeat(self.shape.num_layers + 2, 1)

    def picture(self, ws: Tensor) -> Tensor:
        """``(1, 3, h, w)`` of ``(rows, w)``."""
        ws, drawn = ws.double(), plan(self.shape)
        x = self.waves(ws[:1], drawn)
        for w, layer in zip(ws[1:], drawn.layers, strict=True):
            x = self.layer(x, w[None], layer)
        return x * self.shape.output_scale

    def waves(self, w: Tensor, drawn: Plan) -> Tensor:
        t = self.linear("synthesis.input.affine", w)[0]
        c, s, x, y = (t / torch.hypot(t[0], t[1])).tolist()
        turn = torch.tensor([[c, -s, 0], [s, c, 0], [0, 0, 1]], dtype=torch.float64)
        move = torch.tensor([[1, 0, -x], [0, 1, -y], [0, 0, 1]], dtype=torch.float64)
        whole = turn @ move @ self.take("synthesis.input.transform")
        given = self.take("synthesis.input.freqs")
        phases = self.take("synthesis.input.phases") + given @ whole[:2, 2]
        freqs = given @ whole[:2, :2]
        fade = (freqs.norm(dim=1) - drawn.cutoff) / (drawn.rate / 2 - drawn.cutoff)
        reach = 0.5 * drawn.size / drawn.rate
        theta = torch.tensor([[[reach, 0, 0], [0, reach, 0]]], dtype=torch.float64)
        grid = F.affine_grid(theta, [1, 1, drawn.size, drawn.size], align_corners=False)
        waves = torch.sin(2 * np.pi * (grid @ freqs.T + phases)) * (1 - fade).clamp(0, 1)
        weight = self.take("synthesis.input.weight") / drawn.channels**0.5
        mixed: Tensor = waves @ weight.T
        return mixed.permute(0, 3, 1, 2)

    def layer(self, x: Tensor, w: Tensor, layer: Layer) -> Tensor:
        style = self.linear(f"{layer.name}.affine", w)[0]
        weight = self.take(f"{layer.name}.weight")
        if layer.is_rgb:
            weight = weight * (style / weight[0].numel() ** 0.5)[:, None, None]
        else:
            weight = weight / weight.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
            weight = weight * (style / style.square().mean().sqrt())[:, None, None]
            weight = weight / (weight.square().sum(dim=(1, 2, 3), keepdim=True) + 1e-8).sqrt()
        weight = weight / self.take(f"{layer.name}.magnitude_ema").sqrt()
        x = F.conv2d(x, weight, padding=layer.kernel - 1)
        x = x + self.take(f"{layer.name}.bias")[:, None, None]
        total = (layer.out_size - 1) * layer.down + 1 - x.shape[3] * layer.up
        total += layer.up_taps + layer.down_taps - 2
        first = (total + layer.up) // 2
        x = with_zeros(x, layer.up)
        x = F.pad(x, (first, total - first) * 2)
        x = filtered(x, layer.up_filter) * layer.up**2
        if not layer.is_rgb:
            x = F.leaky_relu(x, 0.2) * 2**0.5
        if self.shape.conv_clamp is not None:
            x = x.clamp(-self.shape.conv_clamp, self.shape.conv_clamp)
        return filtered(x, layer.down_filter)[:, :, :: layer.down, :: layer.down]


def unit(x: Tensor) -> Tensor:
    return x / (x.square().mean(dim=1, keepdim=True) + 1e-8).sqrt()


def with_zeros(x: Tensor, up: int) -> Tensor:
    out = x.new_zeros(*x.shape[:2], x.shape[2] * up, x.shape[3] * up)
    out[:, :, ::up, ::up] = x
    return out


def filtered(x: Tensor, taps: np.ndarray | None) -> Tensor:
    if taps is None:
        return x
    square = np.outer(taps, taps) if taps.ndim == 1 else taps
    kernel = torch.from_numpy(square).to(x).expand(x.shape[1], 1, -1, -1)
    return F.conv2d(x, kernel, groups=x.shape[1])
