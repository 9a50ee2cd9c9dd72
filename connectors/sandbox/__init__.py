"""Stand-in servers for the tools, on loopback, written from the vendors' reference alone."""
