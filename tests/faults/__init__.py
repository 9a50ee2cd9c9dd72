"""Tests of what breaks: on the wire, in a tool's set-up, and under the state."""
