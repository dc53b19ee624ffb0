"""How long tests wait for what others do: limits end hangs, and no slow machine may meet one."""

HANG_S = 300.0
"""So long nothing that is not stuck takes, on a machine a tenth as fast as a usual one either.
Pytest's own limit (pyproject.toml) is longer, so that the wait that failed is what is told."""
