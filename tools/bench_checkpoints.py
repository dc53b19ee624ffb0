"""What it costs to open a large checkpoint: seconds to the first picture, and peak memory.

    python tools/bench_checkpoints.py                       # 512 px config-f: about 370 MB
    python tools/bench_checkpoints.py --folder FOLDER       # keep the files there, use them again

Random weights in the layout of a training pickle (G, D, G_ema), of a TensorFlow pickle (G, D, Gs)
and of our own converted folder. Each is opened in a process of its own.
Memory is the whole process's peak, from Linux's /proc, as a multiple of the file's size; next to it
stands what the process held before it opened anything (interpreter and libraries).
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from foreign_checkpoints import Shape, pickled, random_tensors
from foreign_layouts import nvidia_module, tensorflow_network

CONFIG_F_512 = Shape(
    channels=(512, 512, 512, 512, 512, 256, 128, 64),
    z_dim=512,
    w_dim=512,
    mapping_widths=(512,) * 8,
)


def write_files(folder: Path) -> dict[str, Path]:
    """The three files, written where they are not yet."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {name: folder / name for name in ("nvidia.pkl", "tensorflow.pkl", "ours")}
    if not files["nvidia.pkl"].exists():
        # three sets of numbers: a pickle stores what is shared only once
        parts = [random_tensors(CONFIG_F_512, seed=seed) for seed in range(3)]
        names = ("G", "D", "G_ema")
        modules = {name: nvidia_module(part) for name, part in zip(names, parts, strict=True)}
        files["nvidia.pkl"].write_bytes(pickled(modules))
        files["tensorflow.pkl"].write_bytes(pickled(tuple(map(tensorflow_network, parts))))
    if not files["ours"].exists():
        from tugan.generators.loading import load_generator
        from tugan.generators.saving import save_pretrained

        save_pretrained(load_generator(files["nvidia.pkl"], device="cpu"), files["ours"])
    return files


def measure(path: Path) -> dict[str, float]:
    """Open one and draw a picture; in a process that does nothing else."""
    import torch

    from tugan.generators.loading import load_generator
    from tugan.generators.protocol import sample_z, synthesize

    torch.set_num_threads(2)
    before = _memory_mb("VmRSS")
    begin = time.perf_counter()
    generator = load_generator(path, device="cpu")
    loaded, peak_loaded = time.perf_counter() - begin, _memory_mb("VmHWM")
    with torch.no_grad():
        synthesize(generator, generator.map(sample_z(0, z_dim=512)))
    return {
        "load_s": loaded,
        "first_picture_s": time.perf_counter() - begin,
        "before_mb": before,
        "peak_load_mb": peak_loaded,
        "peak_mb": _memory_mb("VmHWM"),
    }


def _memory_mb(key: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) / 1000
    raise SystemExit("this needs Linux's /proc")


def main() -> None:
    """Write, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(measure(arguments.one)))
        return
    with tempfile.TemporaryDirectory() as temporary:
        for name, path in write_files(arguments.folder or Path(temporary)).items():
            weights = path / "model.safetensors" if path.is_dir() else path
            size = weights.stat().st_size / 1e6
            command = [sys.executable, __file__, "--one", str(path)]
            out = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
            print(
                f"{name}: {size:.0f} MB; loaded in {out['load_s']:.2f} s, first picture after "
                f"{out['first_picture_s']:.2f} s; peak {out['peak_mb']:.0f} MB "
                f"({out['peak_mb'] / size:.2f}x; while loading {out['peak_load_mb']:.0f} MB; "
                f"{out['before_mb']:.0f} MB before)"
            )


if __name__ == "__main__":
    main()
