"""How the latent moves: one solver a file."""
