"""What became of a send arrives in the plan, in the columns for it, ever more rarely and not between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from jobs.cli import app
from sync.findings import FindingKind, Severity
from sync.model import METRICS
from tests.e2e.calendar_office import Office, by_esp, office, offices
from tests.e2e.team import INTERVAL, of_kind

__all__ = ["office", "offices"]

SEND = datetime(2026, 3, 4, 13, 30, tzinfo=UTC)


def sync_at(office: Office, hours: float) -> bool:
    """The run of so many hours after the send; whether it wrote anything into the planners."""
    office.now = SEND + timedelta(hours=hours) - INTERVAL
    mark = office.mark()
    office.sync()
    return bool(office.writes(mark, "jira") or office.writes(mark, "airtable"))


def told(office: Office, tool: str) -> dict[str, object]:
    """The outcome that a tool shows of the send."""
    shown = office.shows(tool, office.campaign("c002"))
    return {name: shown[name] for name in METRICS if shown.get(name) is not None}


@pytest.mark.parametrize(
    ("office", "also"),
    [("klaviyo", {"conversions"}), ("mailchimp", {"conversions"}), ("brevo", {"machine_opens"})],
    indirect=["office"],
)
def test_the_outcome_of_a_send_arrives_at_its_hours_and_not_between(office: Office, also: set[str]) -> None:
    assert sync_at(office, 0.5)
    assert office.shows("airtable", office.campaign("c002"))["status"] == "sent"
    assert told(office, "airtable") == told(office, "jira") == {}

    assert sync_at(office, 1.1)
    first = told(office, "airtable")
    assert set(first) == {"delivered", "opens", "clicks", "unsubscribes", "bounces"} | also
    assert told(office, "jira") == first
    assert not sync_at(office, 4)
    if office.esp != "klaviyo":
        return  # the schedule is the engine's, for all of them

    assert sync_at(office, 6.1)
    second = told(office, "airtable")
    assert told(office, "jira") == second
    assert all(second[name] >= first[name] for name in first)  # type: ignore[operator]
    assert second["opens"] > first["opens"]  # type: ignore[operator]
    assert not sync_at(office, 12)
    assert sync_at(office, 24.3)
    office.assert_quiet()


@by_esp("mailchimp")
def test_an_outcome_that_the_plan_of_the_account_does_not_tell_is_told_to_be_missing_and_the_rest_goes_on(
    office: Office,
) -> None:
    office.control("fault", {"tool": "mailchimp", "status": 403, "path": "/reports", "times": 100})
    office.now = SEND + timedelta(hours=1.1) - INTERVAL
    report = office.sync()
    (line,) = report.waiting
    assert line.startswith("Mailchimp has something to catch up: ")
    assert "(403)" in line
    assert office.shows("airtable", office.campaign("c002"))["status"] == "sent"
    office.box.world.faults.clear()
    office.sync()
    assert told(office, "airtable")["delivered"]


def checked(office: Office) -> str:
    """What `config check` says once it has asked the tools, in one line; it always finds the set-up fine."""
    done = CliRunner().invoke(app, ["config", "check", "--online", "--config", str(office.config)])
    assert (done.exit_code, done.stderr) == (0, "")
    return " ".join(done.stdout.split())


@by_esp("brevo")
@pytest.mark.parametrize("status", ["402", "403"])
def test_orders_that_an_account_does_not_tell_are_missing_alone_and_the_check_of_the_set_up_says_so(
    office: Office, status: str
) -> None:
    office.human("brevo", "switch", name="commerce", value="works")
    assert "conversions" not in checked(office)
    office.human("brevo", "switch", name="commerce", value=status)
    assert "brevo: the account has no commerce add-on, or the key may not read it, so conv" in checked(office)
    asked = office.mark()
    assert sync_at(office, 1.1)
    assert sync_at(office, 6.1)
    assert set(told(office, "airtable")) == {"delivered", "opens", "clicks", "unsubscribes", "bounces", "machine_opens"}
    attempts = [e for e in office.box.world.entries[asked:] if "/ecommerce/" in e["path"]]
    assert len(attempts) <= 2, "it is remembered, and asked again once an hour at most"
    office.assert_quiet()
    office.option("brevo", "conversions = false")
    assert "conversions" not in checked(office)


@pytest.mark.parametrize(
    ("office", "switch", "words"),
    [("klaviyo", "takes_orders", "klaviyo: the account has no metric called Placed Order, so conversions stay empty"),
     ("mailchimp", "store_connected", "mailchimp: no audience has a connected store, so conversions stay empty")],
    indirect=["office"],
)  # fmt: skip
def test_an_account_without_a_shop_is_told_of_by_the_check_of_the_set_up(
    office: Office, switch: str, words: str
) -> None:
    assert "conversions" not in checked(office)
    office.human(office.esp, "switch", name=switch, value=False)
    assert words in checked(office)


@pytest.mark.parametrize(
    ("office", "path", "words"),
    [("klaviyo", "/api/metrics", "so their columns stay empty: klaviyo refused looking for"),
     ("mailchimp", "/reports", "so their columns stay empty: mailchimp refused reading the")],
    indirect=["office"],
)  # fmt: skip
def test_outcomes_that_a_key_or_a_plan_withholds_are_told_by_the_check_of_the_set_up(
    office: Office, path: str, words: str
) -> None:
    assert "cannot be read" not in checked(office)
    office.control("fault", {"tool": office.esp, "status": 403, "path": path, "times": 100})
    assert words in checked(office)


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("office", "switch", "keeps", "grants", "path"),
    [("klaviyo", "takes_orders", False, True, "/api/metrics"),
     ("mailchimp", "store_connected", False, True, "/lists"),
     ("brevo", "commerce", "402", "works", "/ecommerce/")],
    indirect=["office"],
)  # fmt: skip
def test_what_an_account_keeps_from_us_is_a_flag_from_the_hour_in_which_it_does_to_the_one_in_which_it_does_not(
    office: Office, switch: str, keeps: object, grants: object, path: str
) -> None:
    office.human(office.esp, "switch", name=switch, value=grants)
    office.now += HOUR
    assert of_kind(office.sync(), FindingKind.WITHHELD) == []
    office.human(office.esp, "switch", name=switch, value=keeps)
    assert of_kind(office.sync(), FindingKind.WITHHELD) == [], "nobody asks again within the hour"
    office.now += HOUR
    report = office.sync()
    (flag,) = report.opened
    assert (flag.kind, flag.severity, flag.subject) == (FindingKind.WITHHELD, Severity.INFO, office.esp)
    assert "so conversions stay empty" in flag.title
    assert not report.troubled
    mark = office.mark()
    office.assert_quiet()
    asked = [e["path"] for e in office.box.world.entries[mark:] if e["tool"] == office.esp]
    assert asked
    assert not any(path in one for one in asked), "its set-up is remembered"
    assert of_kind(office.sync(), FindingKind.WITHHELD) == [flag]
    office.human(office.esp, "switch", name=switch, value=grants)
    office.now += HOUR
    assert office.sync().closed == (flag,)


@pytest.mark.parametrize(
    ("office", "path"), [("klaviyo", "/api/metrics"), ("mailchimp", "/reports")], indirect=["office"]
)
def test_outcomes_that_may_not_be_read_are_a_flag_and_the_rest_goes_on(office: Office, path: str) -> None:
    office.control("fault", {"tool": office.esp, "status": 403, "path": path, "times": 100})
    office.row(office.campaign("c003"), **{"Subject line": "Dew"})
    office.now += HOUR
    report = office.sync()
    (flag,) = report.opened
    assert flag.title.startswith(
        f"{office.esp.capitalize()} does not tell everything: the outcomes of sends cannot be "
    )
    assert not report.troubled
    assert office.shows(office.esp, office.campaign("c003"))["subject"] == "Dew"
