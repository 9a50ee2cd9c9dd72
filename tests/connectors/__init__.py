"""Tests of the wire to each tool."""
