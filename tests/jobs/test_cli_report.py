"""The report at the command line: shown, mailed once, written as a page."""

from __future__ import annotations

import json

from jobs.mailbox import Mailbox
from tests.jobs.conftest import EMAIL, Office


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
