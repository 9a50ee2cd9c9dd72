"""Breaks the heart on purpose, one line at a time, and sees whether the tests notice."""
