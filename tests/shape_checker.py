"""The decorator that jaxtyping's import hook applies while tests run."""

from beartype import BeartypeConf, beartype

# whole numbers are welcome where floats are, as type checkers have it (PEP 484)
checked = beartype(conf=BeartypeConf(is_pep484_tower=True))
