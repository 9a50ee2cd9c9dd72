"""Deterministic simulation: one seed drives people, tools, faults, clocks and crashes against the whole engine."""
