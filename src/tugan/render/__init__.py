"""Pictures for people: overlays, image files, videos."""
