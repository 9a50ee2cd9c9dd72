"""The report as a mail: what a reader sees, in HTML and in text, and that no value can change its form."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from jobs.digest import Digest, digest
from jobs.digest_words import plain
from jobs.email import WIDTH, address, check, compose, html_of, text_of
from sync.campaign import Metrics
from sync.errors import ConfigError
from sync.findings import Claim, Finding, FindingKind, Severity
from sync.model import Instant
from sync.outcomes import Outcome

NOW = datetime(2026, 10, 12, 7, 15, tzinfo=UTC)
AIRTABLE, KLAVIYO = "https://airtable.com/appX/recA", "https://www.klaviyo.com/campaign/01H/wizard?a=1&b=2"
VOID = {"meta", "br", "img", "link", "hr", "input", "o:allowpng"}


class Page(HTMLParser):
    """The HTML as a reader's program takes it: its elements in order, its text, its links, its open elements."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.attributes: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()
        self.text = " ".join(" ".join(self.texts).split())
        self.links = [value for name, value in self.attributes if name == "href"]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(name for name, _ in attrs)))
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert tag in VOID or self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "title"} & set(self.open):
            self.texts.append(data)


APART = Metrics(delivered=12710, opens=5820, machine_opens=1440, clicks=583, unsubscribes=24, bounces=193)
AMONG = Metrics(opens=633, conversions=15)
OPTIONS = ("--take airtable", "--take klaviyo")


def conflict(name: str = "Black Friday", value: str = "Hello", who: str = "Ann Lee") -> Finding:
    sides = (Claim("airtable", value, who, NOW - timedelta(hours=3), AIRTABLE), Claim("klaviyo", "HELLO", url=KLAVIYO))
    return Finding(FindingKind.CONFLICT, Severity.WARNING, "e1", name, value, "e1", name, "subject", sides, OPTIONS)


def send(name: str = "Birthday offer", counts: Metrics = APART) -> Outcome:
    return Outcome("c1", name, Instant(NOW - timedelta(days=2)), counts)


def report(
    *findings: Finding, workspace: str = "Acme email", closed: tuple[Finding, ...] = (), sends: tuple[Outcome, ...] = ()
) -> Digest:
    opened = [(finding, NOW - timedelta(days=3, minutes=n)) for n, finding in enumerate(findings)]
    new = {finding.fingerprint for finding in findings[:1]}
    zone = ZoneInfo("Europe/Berlin")
    return digest(
        workspace, opened, new=new, closed=closed, mirrored=2, now=NOW, zone=zone, troubles=["Jira is slow"],
        outcomes=sends,
    )  # fmt: skip


def everything(text: str) -> Digest:
    """A report with this text wherever a tool's or a person's text may stand."""
    return report(
        conflict(text, text, text),
        *(
            Finding(kind, severity, text, text, text, text, text, text, (Claim(text, text, text, NOW, text),))
            for kind in FindingKind
            for severity in (Severity.WARNING, Severity.URGENT)
        ),
        workspace=text,
        closed=(conflict(text),),
        sends=(send(text), send(text, AMONG)),
    )


def mail(shown: Digest, sender: str = "Campaign sync <sync@acme.example>", ident: str = "run-7") -> EmailMessage:
    """The mail as it arrives."""
    sent = compose(shown, sender=sender, to=["ann@acme.example", "Ben <ben@acme.example>"], ident=ident)
    return message_from_bytes(bytes(sent), _class=EmailMessage, policy=default)


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def test_the_mail_says_who_what_and_when() -> None:
    message = mail(report(conflict()))

    assert message["Subject"] == "Acme email: 1 conflict, 1 sync problem (1 new)"
    assert message["From"] == "Campaign sync <sync@acme.example>"
    assert message["To"] == "ann@acme.example, Ben <ben@acme.example>"
    assert message["Date"].datetime == NOW
    assert message["Message-ID"] == "<run-7@acme.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert [p.get_content_type() for p in message.iter_parts()] == ["text/plain", "text/html"]


def test_the_same_report_is_the_same_mail() -> None:
    shown = report(conflict())

    assert bytes(mail(shown)) == bytes(mail(shown))


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_both_versions_tell_everything(kind: str) -> None:
    flag = conflict()

    raw = part(mail(report(flag, closed=(conflict("Summer sale"),), sends=(send(),))), kind)
    text = Page(raw).text if kind == "html" else " ".join(raw.split())

    for said in (
        "1 conflict needs a decision, 1 thing could not be synced",
        "The last run mirrored 2 changes.",
        "Mon 12 Oct 2026, 09:15 (Europe/Berlin)",
        "Ann Lee, Mon 12 Oct 2026, 06:15",
        "the tool does not tell who wrote it",
        f"campaign-sync resolve {flag.fingerprint} --take airtable",
        "--take klaviyo",
        "Jira is slow",
        "Summer sale",
        "What became of 1 send of the last 30 days is told further down.",
        *("Birthday offer", "Sat 10 Oct", "12,710 delivered"),
        *("34.5 %", "4.6 %", "0.19 %", "1.5 %", "11.3 %"),
        "campaign-sync report",
    ):
        assert said.casefold() in text.casefold()


def test_the_state_is_the_first_thing_after_the_date() -> None:
    text = Page(html_of(report(conflict()))).text

    assert text.index("1 conflict needs a decision") < text.index("Black Friday")


def test_nothing_is_loaded_and_only_the_tools_are_linked() -> None:
    html = html_of(report(conflict()))
    page = Page(html)

    assert page.links == [AIRTABLE, KLAVIYO]
    assert not {"img", "link", "script", "iframe", "form", "mj-text"} & {tag for tag, _ in page.elements}
    assert not re.search(r"url\(|@import|src=|<mj", html)
    allowed = (AIRTABLE, "https://www.klaviyo.com", "http://www.w3.org/1999/xhtml")
    assert [url for url in re.findall(r"https?://[^\s\"'<]+", html) if not url.startswith(allowed)] == []


def test_it_can_be_read_by_everybody() -> None:
    html = html_of(everything("Black Friday"))
    page = Page(html)
    headings = [tag for tag, _ in page.elements if re.fullmatch(r"h\d", tag)]

    assert ("lang", "en") in page.attributes
    assert headings[0] == "h1"
    assert headings.count("h1") == 1
    assert set(headings) == {"h1", "h2", "h3"}
    assert ("scope", "row") in page.attributes
    assert "prefers-color-scheme: dark" in html
    assert ("name", "viewport") in page.attributes


def test_values_take_the_direction_of_their_script() -> None:
    html = html_of(report(conflict(name="\u05e2\u05d3\u05db\u05d5\u05df", value="\u05e9\u05dc\u05d5\u05dd")))

    assert '<div dir="auto" style="font-weight:600;">\u05e9\u05dc\u05d5\u05dd</div>' in html


def test_long_lists_end_with_the_command_that_shows_the_rest() -> None:
    shown = report(*(conflict(f"Campaign {n}") for n in range(5)), *(
        Finding(FindingKind.DELETION, Severity.WARNING, f"e{n}", f"Deleted {n}", "", "e", "Spring") for n in range(42)
    ))  # fmt: skip

    assert "and 30 more: campaign-sync report" in text_of(shown)
    assert "and 30 more: campaign-sync report" in Page(html_of(shown)).text


def test_text_lists_stages_in_a_line_and_linked_ones_in_rows() -> None:
    stages = [
        Finding(
            FindingKind.UNOWNED_STAGE, Severity.WARNING, kind, f"{kind} of Spring belongs to nobody", "", "e", "Spring"
        )
        for kind in ("Design", "Build")
    ]
    linked = replace(stages[0], claims=(Claim("jira", "nobody", url=AIRTABLE),))

    assert "Nobody owns: Design (NEW), Build (3 days)" in text_of(report(*stages))
    assert f"    - Design (NEW)\n      {AIRTABLE}\n    - Build (3 days)" in text_of(report(linked, stages[1]))
    assert AIRTABLE in Page(html_of(report(linked))).links


def test_text_keeps_to_its_width() -> None:
    shown = everything("A long campaign name with many words in it " * 9)

    lines = [line for line in text_of(shown).splitlines() if not line.lstrip().startswith("campaign-sync resolve")]
    assert max(map(len, lines)) <= WIDTH


def test_a_line_break_in_a_name_cannot_become_a_header() -> None:
    message = mail(everything("Spring\r\nBcc: all@acme.example\r\n\r\n<b>Hi"), ident="run\r\nBcc: x@y.example")

    assert message["Bcc"] is None
    assert message["Subject"].startswith("Spring Bcc: all@acme.example")
    assert message["Message-ID"] == "<run-Bcc-x-y.example@acme.example>"


@given(st.text(min_size=1, max_size=40))
def test_no_text_changes_the_form_of_the_mail(text: str) -> None:
    seen = plain(text)
    assume(seen)

    page = Page(html_of(everything(text)))

    assert page.open == []
    assert page.elements == Page(html_of(everything("x"))).elements
    assert seen in page.text


@given(st.text(alphabet="<>&\"'/=!-[]{}%#;mj text\x00\n\u202e", max_size=30))
def test_markup_in_a_value_is_shown_as_it_was_written(text: str) -> None:
    assume(plain(text))
    message = mail(report(conflict(value=text)))

    assert f"Airtable: {plain(text)}" in " ".join(part(message, "plain").split())
    assert plain(text) in Page(part(message, "html")).text


@given(st.text(min_size=1, max_size=60))
def test_the_subject_arrives_as_it_was_meant(workspace: str) -> None:
    shown = report(conflict(), workspace=workspace)

    message = mail(shown)

    assert message["Subject"] == shown.subject
    assert set(message.keys()) == {
        "Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress",
        "MIME-Version", "Content-Type",
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["", "Ann", "ann@", "@acme.example", "a@b.example, c@d.example", "a@b.example\nBcc: c@d.example", "a b@c", "<>"],
)
def test_what_is_no_address_is_said_so(text: str) -> None:
    with pytest.raises(ConfigError, match="is not an email address"):
        address(text)


@given(st.text(max_size=30))
def test_any_text_is_an_address_or_an_error(text: str) -> None:
    for candidate in (text, f"{text}@acme.example", f"{text} <ann@acme.example>"):
        try:
            found = address(candidate)
        except ConfigError:
            continue
        assert found.domain
        assert found.username


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("<html/>", "starts with html"),
        ("<mjml><mj-body><mj-section><mj-column><mj-txet/></mj-column></mj-section></mj-body></mjml>", "mj-txet"),
        ("<mjml><mj-body><mj-text/></mj-body></mjml>", "mj-text has no place in mj-body"),
        ("<mjml><mj-body><p/></mj-body></mjml>", "p has no place in mj-body"),
        ("<mjml><mj-body><mj-section><mj-column><mj-text><mj-raw/></mj-text></mj-column></mj-section></mj-body></mjml>",
         "mj-raw has no place in mj-text"),
        ("<mjml><mj-body colour='x'/></mjml>", "mj-body knows no colour"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_template_does_not_pass(source: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check(source)
