"""The browser studio: its server, its wire, its page."""
