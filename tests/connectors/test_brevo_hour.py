"""Brevo's hour against a server that counts it: listings leave something for what has to be written."""

from __future__ import annotations

import pytest
import requests

from connectors.brevo import BrevoEsp
from connectors.calendar import Content
from connectors.sandbox.server import Sandbox
from sync.errors import Exhausted
from tests.connectors.sandboxed import NOW, RETRY

HOUR = 20


def test_listings_stop_in_time_for_writes_to_go_on() -> None:
    with Sandbox(seed=4, campaigns=2, now=NOW, esps=("brevo",), rate_limits=True) as box:
        switch = {"name": "hourly_budget", "value": HOUR}
        assert requests.post(f"{box.control}/control/brevo/switch", json=switch, timeout=10).ok
        esp = BrevoEsp(
            "brevo", token=box.company["credentials"]["brevo"]["token"], sender={"id": 1},
            url=f"{box.urls['brevo']}/v3", conversions=False, per_second=None, retry=RETRY,
        )  # fmt: skip
        assert esp.audiences()
        for _ in range(HOUR * 7 // 10):
            assert list(esp.entries())
        with pytest.raises(Exhausted) as told:
            list(esp.entries())
        assert told.value.until

        draft = esp.entry(esp.create(Content("Spring"), None, "cs-7k2m9x4q"))
        assert draft
        assert draft.marker == "cs-7k2m9x4q"
        esp.edit(draft, Content("Summer"))
        esp.delete(draft)
        assert esp.entry(draft.id) is None
        answered = [entry["status"] for entry in box.world.entries if entry["tool"] == "brevo"]
        assert 429 not in answered
        esp.close()
