"""Files to plain tensors, told apart by content; no byte of a file is ever executed."""
