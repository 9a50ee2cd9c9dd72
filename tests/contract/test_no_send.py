"""Nothing can send: no source of ours, no call that a vendor describes; and a connector that did it is told."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from connectors import brevo, klaviyo, klaviyo_omnichannel, mailchimp, mailchimp_wire
from connectors.calendar import Entry, Esp, SendTime
from connectors.http import Retry
from connectors.klaviyo_jobs import Jobs
from connectors.sandbox import exchanges
from connectors.sandbox.exchanges import Exchange
from connectors.sandbox.server import Sandbox
from sync.errors import SyncError
from sync.ports import TimeKind
from tests.contract.catalogue import FOLDER
from tests.contract.sends import Sends

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
AT = SendTime(TimeKind.INSTANT, NOW + timedelta(days=7))

# What is said in a path or as a command to send, and to start, resume or break off a send.
SENDING = frozenset({
    "send", "sendNow", "send-now", "sendTest", "sendReport", "resend", "create-resend", "cancel-send", "resume",
    "pause", "cancel", "start", "start-all-emails", "trigger", "queue", "test", "batches", "smtp", "smsCampaigns",
    "whatsappCampaigns", "automations", "customer-journeys", "flows",
})  # fmt: skip
# Words for what an ESP shows, which sent to it would be commands: they stand where its answers are understood only.
SHOWN = {
    ("calendar.py", "sent"), ("mailchimp_campaigns.py", "sent"),
    ("brevo_campaigns.py", "sent"), ("brevo_campaigns.py", "queued"), ("klaviyo_campaigns.py", "immediate"),
    ("klaviyo_messages.py", "sent"),
}  # fmt: skip
CALENDARS = re.compile("calendar|klaviyo|mailchimp|brevo|ics")
# A vendor speaks of sending in so many ways, in a path or in the title of a call.
SPEAKS = re.compile(r"send|\bsent\b|schedul|resume|queue|cancel|trigger|\bstart|publish|activat|batch", re.IGNORECASE)
DESCRIBED = (
    ("klaviyo", "klaviyo.json", ""),
    ("klaviyo", "klaviyo-beta.json", ""),
    ("klaviyo", "klaviyo-2026-10-15-campaigns.derived.json", ""),
    ("mailchimp", "mailchimp.json", "/3.0"),
    ("brevo", "brevo.json", "/v3"),
    ("brevo", "brevo-sdk-5.1.0-campaigns.derived.json", "/v3"),
)


def texts() -> Iterator[tuple[str, str]]:
    """The file and every text in the source of the connectors, but what only explains."""
    for path in sorted((ROOT / "connectors").rglob("*.py")):
        if "sandbox" in path.parts:
            continue
        nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
        explaining = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
        for node in nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in explaining:
                yield path.name, node.value


def test_no_path_and_no_command_in_the_connectors_sends() -> None:
    said = set(texts())
    commands = SENDING | {word for _, word in SHOWN}
    assert {(file, text) for file, text in said if text in commands and CALENDARS.match(file)} == SHOWN
    words = {(file, word) for file, text in said for word in text.split() if "/" in word}
    paths = {(file, part) for file, word in words for part in re.split(r"[^\w-]+", word)}
    assert {one for one in paths if one[1] in SENDING} == set()
    assert {file for file, part in paths if part == "actions"} == {"mailchimp_wire.py"}


def test_what_is_filled_into_a_path_or_a_command_is_one_of_few_words() -> None:
    assert set(mailchimp_wire.ACTIONS) == {"schedule", "unschedule"}
    assert set(brevo.UNSCHEDULING) == {"draft", "suspended"}
    wire = mailchimp_wire.Wire("mailchimp", token="k-us1", url="http://127.0.0.1:9", retry=Retry(attempts=1))
    with pytest.raises(ValueError, match=r"^send$"):
        wire.act("trying", "c1", "send")


def test_a_calendar_has_no_word_for_sending() -> None:
    words = {name for name in {*vars(Esp), *Esp.__annotations__} if not name.startswith("_")}
    assert {"create", "edit", "plan", "schedule", "unschedule", "move", "delete"} <= words
    assert not [name for name in words if re.search("send|sent|start|launch|resume|trigger|cancel|publish|now", name)]
    omnichannel = klaviyo_omnichannel.KlaviyoOmnichannelEsp
    for vendor in (klaviyo.KlaviyoEsp, omnichannel, mailchimp.MailchimpEsp, brevo.BrevoEsp):
        assert {name for name in vars(vendor) if not name.startswith("_")} <= words, vendor


def described() -> Iterator[tuple[str, str, str, str]]:
    """Tool, method, path and title of every writing call that a vendor describes."""
    for tool, file, before in DESCRIBED:
        for template, calls in json.loads((FOLDER / file).read_text("utf-8"))["paths"].items():
            for method, call in calls.items():
                if method in ("post", "put", "patch", "delete"):
                    title = f"{call.get('operationId', '')} {call.get('summary') or ''}"
                    yield tool, method.upper(), before + template, title


def test_every_call_that_a_vendor_describes_as_sending_is_told() -> None:
    if not FOLDER.exists():
        pytest.skip(f"the vendors' descriptions are not in {FOLDER}: calls that they add are not looked at")
    sends, spoken, passed = Sends(), 0, set()
    for tool, method, template, title in described():
        path = re.sub(r"\{[^}]+\}", "7", template)
        sends.hear(Exchange(tool, method, path, "", {}, '{"data": {}}', 200, {}, "{}", at=NOW.isoformat()))
        told, speaks = bool(sends.drain()), bool(SPEAKS.search(f"{template} {title}"))
        spoken += speaks
        if speaks and not told:
            passed.add(f"{tool} {method} {template}")
    assert spoken > 60
    # The others that speak of it and may be made tell a time, which is missing here.
    assert passed == {"mailchimp POST /3.0/campaigns/{campaign_id}/actions/unschedule"}


class Office:
    """Three ESPs, what people do in them, and what was heard of it."""

    def __init__(self, box: Sandbox, heard: list[Exchange]) -> None:
        self.box, self.heard = box, heard
        login, retry = box.company["credentials"], Retry(sleep=box.world.advance, rng=lambda: 0.0)
        label = {"from_email": "news@acme.example", "from_label": "Acme"}
        self.klaviyo = klaviyo.KlaviyoEsp(
            "klaviyo", url=box.urls["klaviyo"], token=login["klaviyo"]["token"], per_second=None, retry=retry, **label
        )
        self.mailchimp = mailchimp.MailchimpEsp(
            "mailchimp", url=box.urls["mailchimp"], token=login["mailchimp"]["token"], from_name="Acme",
            reply_to="news@acme.example", retry=retry,
        )  # fmt: skip
        self.brevo = brevo.BrevoEsp(
            "brevo", url=f"{box.urls['brevo']}/v3", token=login["brevo"]["token"], sender={"id": 1}, per_second=None,
            retry=retry,
        )  # fmt: skip
        for vendor in ("mailchimp", "brevo"):
            self.people(vendor, "add", audience="Friends", size=40)

    def people(self, vendor: str, verb: str, **order: Any) -> str:
        answer = requests.post(f"{self.box.control}/control/{vendor}/{verb}", json=order, timeout=10)
        assert answer.ok, answer.text
        return str(answer.json().get("id"))

    def draft(self, vendor: str) -> Entry:
        """A complete draft that people made."""
        name = f"Spring {len(self.heard)}"
        order: dict[str, Any] = {"name": name, "subject": "Hello", "audiences": ["Friends"]}
        if vendor == "mailchimp":
            order = {"name": name, "subject": "Hello", "audience": "Friends"}
        if vendor == "klaviyo":
            strategy = {"method": "static", "datetime": AT.at.isoformat(), "options": {"is_local": False}}
            order |= {"audiences": [self.klaviyo.audiences()[0].name], "send_strategy": strategy}
        esps: dict[str, Esp] = {"klaviyo": self.klaviyo, "mailchimp": self.mailchimp, "brevo": self.brevo}
        entry = esps[vendor].entry(self.people(vendor, "create", **order))
        assert entry
        return entry

    def judged(self) -> tuple[list[str], int]:
        """What is told of all that was heard, and how many schedulings there were."""
        sends = Sends()
        for one in self.heard:
            sends.hear(one)
        return [str(one) for one in sends.drain()], sends.counts["schedulings"]


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(seed=4, campaigns=3, now=NOW, esps=("klaviyo", "mailchimp", "brevo")) as made:
        yield made


@pytest.fixture
def office(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """What is planted here is heard by nobody else, or this test would fail for it."""
    heard: list[Exchange] = []
    monkeypatch.setattr(exchanges, "observers", [heard.append])
    start = box.world.snapshot()
    yield Office(box, heard)
    box.world.rewind(start)
    box.world.set_clock(NOW)


def test_what_our_connectors_schedule_is_counted_and_sends_nothing(office: Office) -> None:
    office.klaviyo.schedule(office.draft("klaviyo"), AT)
    office.mailchimp.schedule(office.draft("mailchimp"), AT)
    office.brevo.schedule(office.draft("brevo"), AT)
    assert office.judged() == ([], 3)
    assert not [one for one in office.box.world.entries if one.get("sent")]


def _without_a_guard(office: Office, monkeypatch: pytest.MonkeyPatch) -> str:
    """A send job for what the strategy would send at once, posted without a look."""
    entry = office.draft("klaviyo")
    office.people("klaviyo", "edit", campaign=entry.id, send_strategy={"method": "immediate"})
    assert office.klaviyo.entry(entry.id)
    monkeypatch.setattr(Jobs, "_guard", lambda *_: None)
    with suppress(SyncError):  # it does not find it scheduled
        office.klaviyo.schedule(entry, AT)
    return f"{office.box.urls['klaviyo'].removeprefix('http://')}/api/campaign-send-jobs"


def _another_action(office: Office, monkeypatch: pytest.MonkeyPatch) -> str:
    entry = office.draft("mailchimp")
    monkeypatch.setattr(mailchimp_wire, "ACTIONS", frozenset({"send"}))
    monkeypatch.setattr(mailchimp_wire.Wire, "act", _sending(mailchimp_wire.Wire.act))
    with suppress(SyncError):
        office.mailchimp.schedule(entry, AT)
    return f"/3.0/campaigns/{entry.id}/actions/send"


def _sending(act: Callable[..., None]) -> Callable[..., None]:
    return lambda wire, doing, id_, _action, body=None: act(wire, doing, id_, "send", body)


def _another_command(office: Office, monkeypatch: pytest.MonkeyPatch) -> str:
    entry = office.draft("brevo")
    monkeypatch.setattr(brevo, "UNSCHEDULING", ("sent",))
    with suppress(SyncError):
        office.brevo.unschedule(entry)
    return f"/v3/emailCampaigns/{entry.id}/status"


@pytest.mark.parametrize("plant", [_without_a_guard, _another_action, _another_command])
def test_a_connector_that_sends_is_told_twice_by_the_request_and_by_what_came_of_it(
    office: Office, monkeypatch: pytest.MonkeyPatch, plant: Callable[[Office, pytest.MonkeyPatch], str]
) -> None:
    office.heard.clear()
    where = plant(office, monkeypatch)
    told, _ = office.judged()
    assert len(told) == 1
    assert where in told[0]
    assert "it made a campaign go out at once" in told[0]
    (sent,) = [one for one in office.heard if one.sent]
    office.heard[office.heard.index(sent)] = _unmarked(sent)
    (told_by_request,), _ = office.judged()
    assert where in told_by_request
    assert "go out" not in told_by_request.split("\n")[1]


def _unmarked(one: Exchange) -> Exchange:
    """The same as if the stand-in had not noticed."""
    return Exchange(*(getattr(one, name) for name in Exchange.__slots__[:-1]))
