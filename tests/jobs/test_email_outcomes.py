"""What became of the sends in the mail: a table in HTML, sentences in text, and no word of it where there is none."""

from __future__ import annotations

from dataclasses import replace

from jobs.email import html_of, text_of
from tests.jobs.test_email import AMONG, Page, report, send


def test_the_outcome_of_a_send_is_a_table_with_a_heading_for_every_column() -> None:
    html = html_of(report(sends=(send(), send("Spring", AMONG))))
    page = Page(html)

    assert "Opened Clicked Converted Unsubscribed Bounced Birthday offer Sat 10 Oct" in page.text
    assert page.attributes.count(("scope", "col")) == 5
    assert "machine opens apart: 11.3 %" in page.text.replace("\u00a0", " ")
    assert "Spring Sat 10 Oct 633 \u2013 15 \u2013 \u2013" in page.text  # nothing is known of what was delivered


def test_without_sends_and_without_flags_nothing_is_announced() -> None:
    quiet = replace(report(sends=(send(),)), sections=())

    assert "What became" not in text_of(report()) + html_of(report())
    assert "further down" not in text_of(quiet) + html_of(quiet)
    assert "WHAT BECAME OF YOUR SENDS (1)" in text_of(quiet)


def test_many_sends_end_with_the_command_that_shows_the_rest() -> None:
    shown = report(sends=(send(),) * 15)

    assert "and 3 more: campaign-sync report --verbose" in text_of(shown)
    assert "and 3 more: campaign-sync report --verbose" in Page(html_of(shown)).text
