"""StyleGAN2 (Karras et al. 2020a and 2020b), written from the papers."""
