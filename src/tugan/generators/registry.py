"""The generator families: one entry each, and those of plug-ins."""

from collections.abc import Iterator

from tugan.core.errors import CheckpointError
from tugan.generators.family import Family as Family
from tugan.generators.mobilestylegan.family import MobileStyleGanFamily
from tugan.generators.plug_ins import ENTRY_POINT_GROUP, plug_in_families
from tugan.generators.stylegan2.family import StyleGan2Family
from tugan.generators.stylegan3.family import StyleGan3Family

FAMILIES: tuple[Family, ...] = (StyleGan2Family(), MobileStyleGanFamily(), StyleGan3Family())
"""Those that come with tugan."""


def families() -> Iterator[Family]:
    """All families, the built-in ones first; plug-ins are looked for when those are used up."""
    yield from FAMILIES
    yield from plug_in_families(taken={family.name for family in FAMILIES})


def family_named(name: str) -> Family:
    """The family of this name; :class:`CheckpointError` lists the known ones."""
    known = []
    for family in families():
        if family.name == name:
            return family
        known.append(family.name)
    raise CheckpointError(
        f"the model's family is {name!r}; here there are {', '.join(known)}. Others come as"
        f" packages with an entry point {ENTRY_POINT_GROUP}: install the one that brings it"
    )
