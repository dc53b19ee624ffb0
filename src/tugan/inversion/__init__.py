"""Photographs into the generator and back: align, invert, tune, paste."""
