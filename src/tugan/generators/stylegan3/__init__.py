"""StyleGAN3, configurations t and r (Karras et al. 2021), written from the paper."""
