"""Jira Cloud takes a step of the workflow along with a creation (reference jira §5.2, §5.3); a Data Center does not."""

from __future__ import annotations

from typing import Any

import pytest

from sync.errors import ConfigError, Rejected
from sync.model import Kind
from sync.ports import Create, Outcome, Written
from tests.connectors.jira_wire import (
    EPIC_STATUSES,
    House,
    Wire,
    connector,
    error_of,
    house_connector,
    issue,
    transitions,
)

PLANNED, PROGRESS, SENT, CANCELLED = EPIC_STATUSES
MARKERS = [f"cs-0000000{number}" for number in range(1, 7)]
TO_SENT = {"transition": {"id": f"1{SENT}"}}
ON_SCREEN = {"resolution": {"required": True, "name": "Resolution", "schema": {"type": "resolution"}}}


def creations(*statuses: str, fields: dict[str, Any] | None = None) -> list[Create]:
    given = {"summary": "Spring"} | (fields or {})
    return [
        Create(marker, Kind.CAMPAIGN, given | {"status": {"name": EPIC_STATUSES[status]}})
        for marker, status in zip(MARKERS, statuses, strict=False)
    ]


def made(number: int, status: str) -> dict[str, Any]:
    """The issue of the marker with this number, as it is read back."""
    shown = {"id": status, "name": EPIC_STATUSES[status]}
    return issue(f"1050{number}", labels=[MARKERS[number]], status=shown)


def creates(site: Wire, *requests: list[int], errors: list[dict[str, Any]] | None = None) -> None:
    """Which issues each request creates; `errors` are those of the last but one, or the last if there are two."""
    for place, numbers in enumerate(requests):
        failed = errors if errors and place == 1 else []
        answer = {"issues": [{"id": f"1050{number}"} for number in numbers], "errors": failed}
        site.on("POST", "issue/bulk", answer, status=201)


def reads(site: Wire, *turns: list[dict[str, Any]]) -> None:
    for turn in turns:
        site.on("POST", "issue/bulkfetch", {"issues": turn})


def sent(site: Wire) -> list[list[dict[str, Any]]]:
    """The elements of each creation, but for their fields and properties."""
    return [
        [{"transition": one["transition"]} if "transition" in one else {} for one in body["issueUpdates"]]
        for body in site.sent("POST", "issue/bulk")
    ]


def statuses(outcomes: list[Outcome]) -> list[str]:
    records = [one.record for one in outcomes if isinstance(one, Written)]
    return [record.fields["status"]["id"] for record in records if record is not None]


def write(site: Wire, changes: list[Create], **options: Any) -> list[Outcome]:
    return list(connector(**options).write(changes))


def test_one_goes_ahead_and_the_others_are_created_in_their_statuses(site: Wire) -> None:
    creates(site, [1], [0, 2, 3, 4])
    reads(site, [made(1, PLANNED)], [made(0, SENT), made(2, SENT), made(3, SENT), made(4, PROGRESS)])
    site.on("GET", "issue/10501/transitions", transitions(PROGRESS, SENT))
    outcomes = write(site, creations(SENT, PLANNED, SENT, SENT, PROGRESS))
    assert statuses(outcomes) == [SENT, PLANNED, SENT, SENT, PROGRESS]
    assert sent(site) == [[{}], [TO_SENT, TO_SENT, TO_SENT, {"transition": {"id": f"1{PROGRESS}"}}]]
    assert not any(call.request.method == "POST" and "/transitions" in str(call.request.url) for call in site.calls)


def test_it_is_a_step_of_ours_in_the_history(site: Wire) -> None:
    creates(site, [1], [0, 2, 3, 4])
    reads(site, [made(1, PLANNED)], [made(number, SENT) for number in (0, 2, 3, 4)])
    site.on("GET", "issue/10501/transitions", transitions(SENT))
    write(site, creations(SENT, PLANNED, SENT, SENT, SENT))
    ahead, others = (body["issueUpdates"] for body in site.bodies("POST", "issue/bulk"))
    assert all(one["historyMetadata"]["type"] == "campaign-sync" for one in others)
    assert "historyMetadata" not in ahead[0], "it takes no step"


def test_what_was_learned_serves_the_next_creations_of_the_run(site: Wire) -> None:
    creates(site, [1], [0, 2, 3, 4], [5])
    reads(site, [made(1, PLANNED)], [made(number, SENT) for number in (0, 2, 3, 4)], [made(5, SENT)])
    site.on("GET", "issue/10501/transitions", transitions(SENT))
    tool = connector()
    tool.write(creations(SENT, PLANNED, SENT, SENT, SENT))
    tool.write([Create(MARKERS[5], Kind.CAMPAIGN, {"summary": "x", "status": {"name": "Sent"}})])
    assert sent(site)[-1] == [TO_SENT]
    assert len(site.sent("GET", "issue/10501/transitions")) == 1


def test_a_few_are_created_together_and_walk(site: Wire) -> None:
    creates(site, [0, 1])
    reads(site, [made(0, PLANNED), made(1, PLANNED)], [made(0, SENT), made(1, SENT)])
    site.on("GET", "issue/10500/transitions", transitions(SENT))
    for number in (0, 1):
        site.on("POST", f"issue/1050{number}/transitions", None, status=204)
    assert statuses(write(site, creations(SENT, SENT))) == [SENT, SENT]
    assert sent(site) == [[{}, {}]]
    assert not site.sent("GET", "issue/10501/transitions"), "in the same status the other was offered the same"


def test_one_that_was_created_without_its_step_walks(site: Wire) -> None:
    """Whether Jira has taken the step, the new issue tells."""
    creates(site, [1], [0, 2, 3, 4])
    reads(site, [made(1, PLANNED)], [made(0, PLANNED), *(made(n, SENT) for n in (2, 3, 4))], [made(0, SENT)])
    site.on("GET", "issue/10501/transitions", transitions(SENT))
    site.on("POST", "issue/10500/transitions", None, status=204)
    assert statuses(write(site, creations(SENT, PLANNED, SENT, SENT, SENT))) == [SENT, PLANNED, SENT, SENT, SENT]
    assert site.sent("POST", "issue/10500/transitions") == [TO_SENT]


def refused(said: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"status": 400, "failedElementNumber": 0, "elementErrors": said}]


def test_one_that_is_refused_for_its_step_is_created_without_it(site: Wire) -> None:
    creates(site, [1], [2, 3, 4], [0], errors=refused({"errorMessages": ["It is not possible."], "errors": {}}))
    reads(site, [made(1, PLANNED)], [made(0, PLANNED), *(made(n, SENT) for n in (2, 3, 4))], [made(0, SENT)])
    site.on("GET", "issue/10501/transitions", transitions(SENT))
    site.on("POST", "issue/10500/transitions", None, status=204)
    assert statuses(write(site, creations(SENT, PLANNED, SENT, SENT, SENT))) == [SENT, PLANNED, SENT, SENT, SENT]
    assert sent(site)[1:] == [[TO_SENT] * 4, [{}]]


def test_one_that_is_refused_for_a_field_is_not_tried_again(site: Wire) -> None:
    creates(site, [1], [2, 3, 4], errors=refused({"errorMessages": [], "errors": {"summary": "Too long"}}))
    reads(site, [made(1, PLANNED)], [made(n, SENT) for n in (2, 3, 4)])
    site.on("GET", "issue/10501/transitions", transitions(SENT))
    outcomes = write(site, creations(SENT, PLANNED, SENT, SENT, SENT))
    assert isinstance(error_of(outcomes[0]), Rejected)
    assert len(sent(site)) == 2


@pytest.mark.parametrize("given", [{}, {"Sent": {"Resolution": "Done"}}])
def test_a_step_that_wants_something_filled_in_is_walked(site: Wire, given: dict[str, Any]) -> None:
    creates(site, [1], [0, 2, 3, 4])
    reads(site, [made(number, PLANNED) for number in (0, 1, 2, 3, 4)])
    offered = transitions(SENT)
    offered["transitions"][0] |= {"hasScreen": True, "fields": ON_SCREEN}
    site.on("GET", "issue/10501/transitions", offered)
    for number in (0, 2, 3, 4):
        site.on("POST", f"issue/1050{number}/transitions", None, status=204)
    write(site, creations(SENT, PLANNED, SENT, SENT, SENT), transition_fields=given)
    assert sent(site)[1] == [{}] * 4
    fields = {"fields": {"resolution": {"name": "Done"}}} if given else {}
    assert site.sent("POST", "issue/10500/transitions") == [TO_SENT | fields]


def test_where_what_follows_cannot_be_told_the_others_are_created_all_the_same(site: Wire) -> None:
    creates(site, [1], [0, 2, 3, 4])
    reads(site, [made(1, PLANNED)], [made(number, PLANNED) for number in (0, 2, 3, 4)])
    for number in range(5):
        site.on("GET", f"issue/1050{number}/transitions", {"errorMessages": ["no"]}, status=403)
    outcomes = write(site, creations(SENT, PLANNED, SENT, SENT, SENT))
    assert statuses(outcomes) == [PLANNED] * 5
    assert sent(site)[1] == [{}] * 4


def test_after_one_ahead_that_is_not_let_in_nothing_else_is_tried(site: Wire) -> None:
    site.on("POST", "issue/bulk", {"message": "no"}, status=401)
    outcomes = write(site, creations(*[SENT] * 5))
    assert len(site.sent("POST", "issue/bulk")) == 1
    assert [type(error_of(outcome)) for outcome in outcomes] == [ConfigError] * 5


def test_a_data_center_is_not_asked_for_what_it_does_not_promise() -> None:
    with House() as house:
        house.site()
        house.on("POST", "issue/bulk", {"issues": [{"id": f"1050{n}"} for n in range(5)], "errors": []}, status=201)
        moved = [made(number, SENT) for number in range(5)]
        house.on("POST", "search", {"issues": [made(number, PLANNED) for number in range(5)], "total": 5})
        house.on("POST", "search", {"issues": moved, "total": 5})
        house.on("GET", "issue/10500/transitions", transitions(SENT))
        for number in range(5):
            house.on("POST", f"issue/1050{number}/transitions", None, status=204)
        outcomes = list(house_connector().write(creations(*[SENT] * 5)))
        assert statuses(outcomes) == [SENT] * 5
        assert sent(house) == [[{}] * 5]
        questions = [
            str(c.request.url) for c in house.calls if str(c.request.url).partition("?")[0].endswith("ransitions")
        ]
        assert len(questions) == 1 + 5, "one question, five steps"
