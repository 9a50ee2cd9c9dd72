"""The suite as a whole: every law for connectors, in the order in which somebody who writes one meets them."""

from __future__ import annotations

from connectors.conformance.changing import ChangingLaws
from connectors.conformance.failing import FailingLaws
from connectors.conformance.reading import ReadingLaws
from connectors.conformance.resuming import ResumingLaws
from connectors.conformance.texts import TextLaws
from connectors.conformance.writing import WritingLaws


class ConnectorConformance(FailingLaws, ResumingLaws, ChangingLaws, TextLaws, WritingLaws, ReadingLaws):
    """Subclass it as `Test…` and fill in the hooks of `Workbench`: two that are needed, and as many more as you can.

    A law that needs a hook which you leave out, or a capability that the tool lacks, is skipped and says so.
    """
