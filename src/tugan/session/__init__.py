"""Edits that outlive a process."""
