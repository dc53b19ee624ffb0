"""What training programs call the mean of W: the last part of its name in their files."""

MEAN_NAMES = (
    "w_avg",
    "latent_avg",
    "dlatent_avg",
    "w_mean",
    "mean_w",
    "mean_latent",
    "latent_mean",
    "avg_latent",
)
