"""Published models that can be downloaded by name, and how they are brought here."""
