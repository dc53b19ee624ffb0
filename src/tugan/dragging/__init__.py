"""The method: motion supervision, point tracking, the mask, and the loop around them."""
