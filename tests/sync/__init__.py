"""Tests of the heart: laws as properties, scenarios in given / when / then."""
