"""What the project promises, as sentences: given, when, then."""
