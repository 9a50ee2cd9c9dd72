"""Brevo written over the wire: only what changes, one call to move a send, and no request that sends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connectors.brevo_campaigns import BLANK
from connectors.calendar import Content
from sync.errors import Ambiguous, ConfigError, Rejected, Stale, Unavailable
from tests.connectors.brevo_account import CONTENT, Account, at, campaign, queued, refusal

LATER = at("2026-11-28T14:00:00+01:00")
MARKER = "cs-7k2m9x4q"


@pytest.fixture
def account(wire: Any) -> Account:
    return Account(wire)


def test_a_campaign_is_made_as_a_draft_that_carries_the_marker_as_its_tag(account: Account) -> None:
    content = Content("Spring [CAM-17]", "Hello", (("list:32",), ("list:8", "segment:4")))
    assert account.esp().create(content, None, MARKER) == "1300"
    ((_, path, body),) = account.sent
    assert path == "/emailCampaigns"
    assert body == {
        "name": "Spring [CAM-17]", "subject": "Hello", "sender": {"id": 43}, "tag": MARKER, "htmlContent": BLANK,
        "recipients": {"listIds": [32], "exclusionListIds": [8], "exclusionSegmentIds": [4]},
    }  # fmt: skip
    assert len(BLANK) > 10, "Brevo takes no shorter content"


def test_a_campaign_without_subject_and_audience_is_made_all_the_same(account: Account) -> None:
    account.esp(sender={"email": "a@acme.example", "name": "Acme"}).create(Content("Spring"), None, MARKER)
    body = account.sent[0][2]
    assert body["subject"] == "TBD"
    assert body["sender"] == {"email": "a@acme.example", "name": "Acme"}
    assert "recipients" not in body


def test_a_time_is_never_given_with_a_creation_nor_planned_on_a_draft(account: Account) -> None:
    account.holds(campaign(7))
    esp, draft = account.esp(), account.entry(7)
    with pytest.raises(Rejected, match="no planned time on a draft"):
        esp.create(Content("Spring"), LATER, MARKER)
    with pytest.raises(Rejected, match="no planned time on a draft"):
        esp.plan(draft, LATER)
    assert account.sent == []


def test_a_creation_without_an_answer_is_not_repeated(account: Account) -> None:
    account.refuses = lambda _: (502, {}, "")
    with pytest.raises(Ambiguous):
        account.esp().create(Content("Spring"), None, MARKER)
    assert len(account.asked) == 1


def test_a_creation_that_came_too_early_for_the_budget_is_repeated(account: Account) -> None:
    said = [refusal(429, "too_many_requests", **{"x-sib-ratelimit-reset": "5"})]
    account.refuses = lambda _: said.pop() if said else None
    assert account.esp().create(Content("Spring"), None, MARKER) == "1300"
    assert [method for method, _, _ in account.asked] == ["POST", "POST"]


@pytest.mark.parametrize(
    ("content", "body"),
    [
        (Content(name="Summer"), {"name": "Summer"}),
        (Content(subject="Hi"), {"subject": "Hi"}),
        (Content(subject=""), {"subject": "TBD"}),
        (Content(audiences=(("list:33",), ("list:8",))), {"recipients": {"listIds": [33], "exclusionListIds": [8]}}),
        (Content(audiences=(("list:32",), ())), {"recipients": {"listIds": [32], "exclusionListIds": []}}),
    ],
)
def test_an_edit_says_only_what_changes(account: Account, content: Content, body: dict[str, Any]) -> None:
    account.holds(campaign(7, tag="promo"))
    account.esp().edit(account.entry(7), content)
    assert account.sent == [("PUT", "/emailCampaigns/7", body)]


def test_an_edit_of_nothing_is_no_request(account: Account) -> None:
    account.holds(campaign(7))
    account.esp().edit(account.entry(7), Content())
    assert account.sent == []


def test_a_scheduled_campaign_is_edited_as_it_is(account: Account) -> None:
    account.holds(queued(7))
    account.esp().edit(account.entry(7), Content(name="Summer", subject="Hi"))
    assert account.sent == [("PUT", "/emailCampaigns/7", {"name": "Summer", "subject": "Hi"})]


def test_a_scheduled_campaign_does_not_lose_its_subject(account: Account) -> None:
    account.holds(queued(7))
    with pytest.raises(Rejected, match="cannot go without its subject line"):
        account.esp().edit(account.entry(7), Content(subject=""))


def test_a_marker_in_the_name_outlives_a_new_name_and_people_keep_their_tag(account: Account) -> None:
    account.holds(campaign(7, name=f"Spring [{MARKER}]", tag="promo"))
    account.esp().edit(account.entry(7), Content(name="Summer [CAM-17]"))
    assert account.sent[0][2] == {"name": f"Summer [CAM-17] [{MARKER}]"}
    assert account.entry(7).marker == MARKER


def test_the_subjects_of_a_test_are_left_to_people(account: Account) -> None:
    account.holds(campaign(7, abTesting=True, subject=None, subjectA="Hi", subjectB="Hello"))
    with pytest.raises(Rejected, match="tests two subject lines"):
        account.esp().edit(account.entry(7), Content(subject="Hey"))


@pytest.mark.parametrize(
    ("held", "wanted", "kind"),
    [({"lists": [32]}, ("segment:32",), "lists"), ({"segments": [32]}, ("list:32",), "segments")],
)
def test_recipients_do_not_change_their_kind(
    account: Account, held: dict[str, Any], wanted: tuple[str, ...], kind: str
) -> None:
    account.holds(campaign(7, recipients=held))
    with pytest.raises(Rejected, match=f"The campaign goes to {kind}, and Brevo does not let it"):
        account.esp().edit(account.entry(7), Content(audiences=(wanted, ())))
    assert account.sent == []


def test_a_draft_without_recipients_gets_any_kind(account: Account) -> None:
    account.holds(campaign(7, recipients={"lists": []}))
    account.esp().edit(account.entry(7), Content(audiences=(("segment:32",), ())))
    assert account.sent[0][2] == {"recipients": {"segmentIds": [32]}}


def test_an_audience_that_is_none_of_brevos_is_refused(account: Account) -> None:
    account.holds(campaign(7))
    with pytest.raises(Rejected, match="no list or segment called Everybody"):
        account.esp().edit(account.entry(7), Content(audiences=(("Everybody",), ())))


@pytest.mark.parametrize("code", ["campaign_processing", "campaign_sent"])
def test_a_campaign_that_is_on_its_way_is_locked_and_not_tried_again(account: Account, code: str) -> None:
    account.holds(queued(7))
    entry = account.entry(7)
    account.refuses = lambda r: refusal(400, code) if r.method == "PUT" else None
    esp = account.esp()
    writes: list[Callable[[], None]] = [
        lambda: esp.edit(entry, Content(name="X")), lambda: esp.move(entry, LATER), lambda: esp.unschedule(entry),
    ]  # fmt: skip
    for write in writes:
        before = len(account.asked)
        with pytest.raises(Rejected, match="being sent or was sent and takes no change"):
            write()
        assert len(account.asked) == before + 1


def test_a_gateways_good_status_is_not_taken_for_brevos(account: Account) -> None:
    account.holds(campaign(7))
    entry = account.entry(7)
    account.refuses = lambda r: (200, {}, "<html>Signed in</html>") if r.method == "PUT" else None
    with pytest.raises(Unavailable, match="unexpected way"):
        account.esp().edit(entry, Content(name="Summer"))


def test_a_draft_is_deleted_and_one_that_is_gone_is_no_trouble(account: Account) -> None:
    account.holds(campaign(7))
    esp, entry = account.esp(), account.entry(7)
    esp.delete(entry)
    esp.delete(entry)
    assert account.campaigns == {}


def test_what_was_ever_scheduled_is_left_to_people(account: Account) -> None:
    account.holds(campaign(7))
    entry = account.entry(7)
    account.refuses = lambda r: refusal(403, "permission_denied") if r.method == "DELETE" else None
    with pytest.raises(Rejected, match=r"deletes no campaign that was ever scheduled.*archive it there"):
        account.esp().delete(entry)


def test_an_edit_of_what_is_gone_is_stale(account: Account) -> None:
    account.holds(campaign(7))
    entry = account.entry(7)
    account.holds()
    with pytest.raises(Stale, match="no longer there"):
        account.esp().edit(entry, Content(name="X"))


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (402, "not_enough_credits", Rejected),
        (403, "permission_denied", ConfigError),
        (422, "unprocessable_entity", Rejected),
        (406, "not_acceptable", Rejected),
        (503, "x", Unavailable),
    ],
)
def test_a_refusal_is_named_by_what_recovers_from_it(
    account: Account, status: int, code: str, error: type[Exception]
) -> None:
    account.holds(campaign(7))
    entry = account.entry(7)
    account.refuses = lambda _: refusal(status, code)
    with pytest.raises(error):
        account.esp().edit(entry, Content(name="X"))


def test_no_request_sends_or_rewrites_content_or_a_tag(account: Account) -> None:
    account.holds(queued(7), campaign(8, tag="promo"))
    esp = account.esp()
    esp.create(Content("Spring"), None, MARKER)
    everything = Content("Summer", "Hi", (("list:33",), ()))
    for number in (7, 8):
        esp.edit(account.entry(number), everything)
    esp.move(account.entry(7), LATER)
    esp.schedule(account.entry(8), LATER)
    esp.unschedule(account.entry(8))
    assert not [path for _, path, _ in account.asked if "sendNow" in path]
    changes = [body for method, _, body in account.sent if method == "PUT"]
    assert {body.get("status") for body in changes} == {None, "draft"}
    assert all(not {"htmlContent", "tag"} & body.keys() for body in changes)
    assert account.campaigns[7]["htmlContent"] == CONTENT
