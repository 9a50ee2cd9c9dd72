"""Which descriptions there are, and where they are."""

from __future__ import annotations

import functools
import json
from pathlib import Path

from tests.contract import airtable
from tests.contract.exceptions import repairs
from tests.contract.specification import Specification
from tests.contract.swagger import as_openapi

FOLDER = Path(__file__).parents[2].parent / "shared" / "reference" / "openapi"
# Name -> file, and what the vendor's servers put before its paths.
SOURCES = {
    "jira-cloud": ("jira-cloud-v3.json", ""),
    "jira-dc": ("jira-dc-10.3.json", "/rest"),
    "klaviyo": ("klaviyo.json", ""),
    "klaviyo-2026-10-15": ("klaviyo-2026-10-15-campaigns.derived.json", ""),  # by the header `revision`
    "mailchimp": ("mailchimp.json", "/3.0"),
    "brevo": ("brevo-sdk-5.1.0-campaigns.derived.json", "/v3"),
    "brevo-2024": ("brevo.json", "/v3"),  # what the newer one has not
}


def descriptions() -> dict[str, Specification]:
    """The descriptions at hand, by name; where the vendors' folder is missing, our own alone."""
    found = {name: at_hand(name) for name in (*SOURCES, airtable.NAME)}
    return {name: one for name, one in found.items() if one is not None}


@functools.cache
def at_hand(name: str) -> Specification | None:
    """The description of that name, repaired; None where there is none."""
    if name == airtable.NAME:
        return airtable.described()
    file, before = SOURCES.get(name, ("", ""))
    if not file or not (FOLDER / file).exists():
        return None
    document = as_openapi(json.loads((FOLDER / file).read_text(encoding="utf-8")))
    return Specification(name, document, before=before, mending=[one for one in repairs() if one.specification == name])
