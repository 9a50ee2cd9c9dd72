"""The composition root and every face: settings, wiring, the scheduled worker, the command line and the emails."""
