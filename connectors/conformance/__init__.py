"""The laws that every connector keeps, as one pytest class: subclass it, say how your tool is reached, run pytest.

docs/write-a-connector.md tells how.
"""

try:
    import pytest
except ImportError as missing:
    raise ImportError(
        "The conformance suite runs under pytest. Install it: pip install 'campaign-sync[conformance]'"
    ) from missing

LAWS = ("changing", "failing", "reading", "resuming", "texts", "workbench", "writing")
# A law that is broken shows both sides only if pytest has rewritten its module, which it does while importing it.
pytest.register_assert_rewrite(*(f"{__name__}.{laws}" for laws in LAWS))

from connectors.conformance.suite import ConnectorConformance  # noqa: E402 - after the line above

__all__ = ["ConnectorConformance"]
