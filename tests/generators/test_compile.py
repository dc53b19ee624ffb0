import subprocess
import sys
from pathlib import Path

import pytest

# In a process of its own: the shape checks of this one do not compile.
PROGRAM = """
import sys, torch, tugan
generator = tugan.load_generator(sys.argv[1], device="cpu")
ws = generator.map(tugan.sample_z(1, z_dim=512))
compiled = torch.compile(generator, fullgraph=True, backend="eager")
assert torch.equal(compiled(ws), generator(ws))
"""


@pytest.mark.parametrize("model", ["faces-1024", "nvidia-stylegan2-128.pkl"])
def test_a_network_compiles_into_one_graph(model: str, oracle_dir: Path) -> None:
    path = oracle_dir / model
    name = str(path) if path.exists() else model
    done = subprocess.run([sys.executable, "-c", PROGRAM, name], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
