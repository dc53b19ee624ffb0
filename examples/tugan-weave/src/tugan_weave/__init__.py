"""Woven bands: an example of a generator family for tugan in a package of its own."""
