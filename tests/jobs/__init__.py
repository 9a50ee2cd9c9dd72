"""The command line, the settings and the worker, as their users meet them."""
