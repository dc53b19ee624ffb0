"""Values and their conversions: geometry, images, masks, outcomes, errors."""
