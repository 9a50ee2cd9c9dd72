"""The report at the command line: shown, mailed once, written as a page."""

from __future__ import annotations

import json
from datetime import timedelta

from jobs.mailbox import Mailbox
from jobs.settings import load_settings
from jobs.wiring import clock, open_state
from sync.campaign import Metrics
from sync.model import Instant
from sync.outcomes import Outcome, to_json
from tests.jobs.conftest import EMAIL, Office


def measured(office: Office) -> None:
    """The last run found out what became of a send of two days ago."""
    now = clock()
    sent = Outcome("cs-1", "Birthday offer", Instant(now - timedelta(days=2)), Metrics(delivered=2000, opens=500))
    with open_state(load_settings(office.config)) as store, store.transaction() as transaction:
        report = (store.last_report() or {}) | {"outcomes": [to_json(sent)]}
        transaction.save_run("measured", now, now, report)


def test_the_report_goes_out_once_and_again_only_when_forced(office: Office) -> None:
    with Mailbox(office.folder / "mail") as box:
        office.config.write_text(office.config.read_text("utf-8") + EMAIL.format(url=box.url))
        flag = office.disagree()

        first, second = office.call("report", "--email"), office.call("report", "--email")
        forced = office.call("report", "--email", "--force", "--json")
        office.call("resolve", flag, "--take", "left")
        office.call("sync")
        settled = office.call("report", "--email")
        subjects = [message["Subject"] for message in box.messages()]

    assert first.stdout == "Sent the report to team@acme.example: 1 new, 0 settled.\n"
    assert "No email: nothing has opened or closed since the last one" in second.stdout
    assert json.loads(forced.stdout)["email"]["sent"] is True
    assert settled.stdout == "Sent the report to team@acme.example: 0 new, 1 settled.\n"
    assert len(subjects) == 3
    assert subjects[0].startswith("Acme email: 1 conflict")


def test_a_report_that_cannot_go_out_is_not_counted_as_told(office: Office) -> None:
    with Mailbox(office.folder / "mail") as box:
        url = box.url
    office.config.write_text(office.config.read_text("utf-8") + EMAIL.format(url=url))
    office.disagree()

    refused = office.call("report", "--email")

    assert refused.exit_code == 1
    assert "does not answer" in refused.stderr
    assert json.loads(office.call("report", "--json").stdout)["findings"][0]["emailed"] is None


def test_without_an_email_section_nobody_is_written_to(office: Office) -> None:
    refused = office.call("report", "--email")

    assert refused.exit_code == 1
    assert "has no [email] section" in refused.stderr


def test_the_report_as_a_web_page(office: Office) -> None:
    office.disagree()

    done = office.call("report", "--html", str(office.folder / "report.html"))
    refused = office.call("report", "--html", str(office.folder / "no" / "report.html"))

    assert done.exit_code == 0
    assert "Right says" in (office.folder / "report.html").read_text("utf-8")
    assert refused.exit_code == 1
    assert "Choose another place for --html" in refused.stderr


def test_a_report_before_the_first_sync(office: Office) -> None:
    assert "Nothing is known yet" in office.call("report").stdout


def test_the_report_shows_what_became_of_the_sends(office: Office) -> None:
    office.call("sync")
    measured(office)

    shown, told = office.call("report"), json.loads(office.call("report", "--json").stdout)

    assert shown.stdout.startswith("What became of your sends (1)\n")
    assert "25.0\u00a0%" in shown.stdout
    assert shown.stdout.endswith("Nothing is flagged.\n")
    assert told["last_run"]["outcomes"][0]["rates"]["open"] == 0.25


def test_an_outcome_alone_makes_no_mail_and_is_in_one_that_goes_out(office: Office) -> None:
    with Mailbox(office.folder / "mail") as box:
        office.config.write_text(office.config.read_text("utf-8") + EMAIL.format(url=box.url))
        office.call("sync")
        measured(office)

        alone, forced = office.call("report", "--email"), office.call("report", "--email", "--force")
        (message,) = box.messages()

    assert "No email: nothing has opened or closed" in alone.stdout
    assert forced.stdout == "Sent the report to team@acme.example: 0 new, 0 settled.\n"
    assert message["Subject"] == "Acme email: all tools agree"
    assert "What became of your sends (1)" in " ".join(str(part.get_content()) for part in message.iter_parts())


def test_a_tool_that_was_left_out_is_told_once_in_the_mail(office: Office) -> None:
    office.call("sync")
    (office.folder / "right.json").unlink()
    office.call("sync")

    office.call("report", "--html", str(office.folder / "report.html"))

    assert (office.folder / "report.html").read_text("utf-8").count("right does not answer") == 1
