"""Where the handles went: one tracker a file."""
