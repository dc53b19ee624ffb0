"""MobileStyleGAN (Belousov 2021, arXiv 2104.04767): StyleGAN2 distilled for small machines."""
