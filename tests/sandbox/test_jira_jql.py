"""JQL as Jira reads it, and what Jira says of bad queries (reference jira §4.5-4.6)."""

from __future__ import annotations

import pytest

from tests.sandbox.sites import NOW, Jira

MS = int(NOW.timestamp() * 1000)


@pytest.mark.parametrize(
    ("jql", "complaint"),
    [
        ("ORDER BY key", "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."),
        ("", "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."),
        ("colour = red", "Field 'colour' does not exist or you do not have permission to view it."),
        ("status = Lost", "The value 'Lost' does not exist for the field 'status'."),
        ("assignee = nobody", "The value 'nobody' does not exist for the field 'assignee'."),
        ("project = CAM AND", "Error in the JQL Query: Expecting a field name at the end of the query."),
        (
            'summary ~ "x',
            "Error in the JQL Query: The quoted string 'x' has not been completed. (line 1, character 11)",
        ),
        (
            "project = CAM labels = x",
            "Error in the JQL Query: Expecting either 'OR' or 'AND' but got 'labels'. (line 1, character 15)",
        ),
        (
            "project =",
            "Error in JQL Query: Expecting either a value, list or function before the end of the query.",
        ),
        ("(project = CAM", "Error in the JQL Query: Expecting ')' before the end of the query."),
        ("key = GONE-1", "Issue does not exist or you do not have permission to see it."),
        ("labels > x", "The operator '>' is not supported by the 'labels' field."),
        ("assignee = me()", "Unable to find JQL function 'me()'."),
        ("status WAS Planned", "Error in the JQL Query: Expecting operator but got 'WAS'. The valid operators are"),
        ("component = Fax", "The value 'Fax' does not exist for the field 'component'."),
        ("resolution = Eaten", "The value 'Eaten' does not exist for the field 'resolution'."),
        ("key = CAM-1 ORDER BY colour", "Field 'colour' does not exist or you do not have permission to view it."),
        (
            "project = CAM ORDER BY key, id, status, labels, created, updated, duedate, summary",
            "The maximum number of fields to order by is 7.",
        ),
        ("project in CAM", "Error in the JQL Query: Expecting '(' to start a list of values for the operator 'in'."),
        ("summary = launch", "The operator '=' is not supported by the 'summary' field."),
        ("created > Tuesday", "Date value 'Tuesday' for field 'created' is invalid. Valid formats include:"),
        ('updated >= "1790000000000"', "Date value '1790000000000' for field 'updated' is invalid. Valid formats"),
        ("updated >= 1790000000.5", "Date value '1790000000.5' for field 'updated' is invalid. Valid formats"),
    ],
)
def test_a_bad_query_is_refused_in_jiras_words(jql: str, complaint: str) -> None:
    assert Jira().complaint(jql).startswith(complaint)


@pytest.mark.parametrize("sign", ["#", "%", "@", ";"])
def test_a_reserved_sign_needs_quotes(sign: str) -> None:
    jira = Jira()
    assert f"'{sign}' is a reserved JQL character" in jira.complaint(f"labels = a{sign}b")
    assert jira.keys(f'labels = "a{sign}b"') == []


def test_a_bad_date_names_the_formats() -> None:
    complaint = Jira().complaint('updated >= "2026-10-05T09:00:00Z"')
    assert complaint.startswith(
        "Date value '2026-10-05T09:00:00Z' for field 'updated' is invalid. Valid formats include:"
    )


def test_all_complaints_come_at_once() -> None:
    _, answer = Jira().search("status = Lost AND colour = red")
    assert len(answer["errorMessages"]) == 2


@pytest.mark.parametrize(
    ("jql", "found"),
    [
        ('labels = "x y" OR labels = b', ["CAM-2"]),
        ("labels in (a, b)", ["CAM-1", "CAM-2"]),
        ("labels not in (a)", ["CAM-2"]),  # an issue without labels fulfils neither this
        ("NOT labels = a", ["CAM-2"]),  # nor this
        ("labels is EMPTY", ["CAM-3", "CAM-4"]),
        ("labels is not empty and labels != a", ["CAM-2"]),
        ("parent = CAM-1", ["CAM-4"]),
        ("cf[10031] = Event", ["CAM-1"]),
        ('"Program" = "Event"', ["CAM-1"]),
        ("key in (CAM-1, GONE-7)", ["CAM-1"]),
        ("summary ~ launch", ["CAM-1", "CAM-4"]),
        ('summary ~ "spri*"', ["CAM-1", "CAM-4"]),
        ("summary ~ spri", []),
        ("duedate <= 2026-10-12 AND duedate > 2026-10-01", ["CAM-2"]),
        ("assignee = currentUser()", []),
        ("assignee is EMPTY AND issuetype = Task", ["CAM-4"]),
        ("status in (Planned, 10101)", ["CAM-1", "CAM-2", "CAM-3"]),
        ("project = 10000 AND (labels = a OR (labels = b AND NOT summary ~ other))", ["CAM-1"]),
        ('issue.property["campaign-sync"].entity = "x"', []),
        ("Delivered > 10.5", ["CAM-3"]),
        ("id in (10402, 10401, 99999)", ["CAM-1", "CAM-2"]),
        ("issuekey = cam-2", ["CAM-2"]),
        ("issue in (CAM-1) AND type = Epic", ["CAM-1"]),
        ("key >= CAM-3", ["CAM-3", "CAM-4"]),
        ("project = Campaigns AND resolution is EMPTY AND labels = b", ["CAM-2"]),
        ("text ~ other", ["CAM-2"]),
        ("statusCategory = 'To Do' AND due <= endOfMonth()", ["CAM-2"]),
        ("created >= startOfWeek() AND created <= endOfYear() AND created > -1h AND labels = a", ["CAM-1"]),
        ("due in (2026-10-12) AND due > startOfDay(-1d)", ["CAM-2"]),
        ("creator = currentUser() AND reporter = 'Campaign sync' AND labels != c AND labels = a", ["CAM-1"]),
        ("labels = 'no such label'", []),
        ("NOT (labels = a OR issuetype = Task) && summary ~ third || labels = b", ["CAM-2"]),
        ("fixVersion is EMPTY AND labels in (b, zzz)", ["CAM-2"]),
    ],
)
def test_a_query_finds_what_it_means(jql: str, found: list[str]) -> None:
    jira = Jira(campaigns=0)
    jira.server.state.counters["issue"] = 10400
    jira.create(labels=["a"], customfield_10031={"value": "Event"})
    jira.create(summary="Other things", labels=["b"], duedate="2026-10-12")
    jira.create(summary="Third", customfield_10040=11)
    jira.create("Task", parent={"key": "CAM-1"})
    assert jira.keys(f"{jql} ORDER BY key") == found


def test_date_literals_are_read_in_the_callers_zone_and_numbers_in_none() -> None:
    jira = Jira(campaigns=0)
    jira.create()
    assert jira.ask("GET", "/myself")[1]["timeZone"] == "America/New_York"
    assert jira.keys('updated >= "2026-10-05 05:00"') == ["CAM-1"]
    assert jira.keys('updated > "2026-10-05 05:01"') == []
    assert jira.keys(f"updated >= {MS}") == ["CAM-1"]
    assert jira.keys(f"updated > {MS}") == []
    assert jira.keys("updated >= -1m") == ["CAM-1"]
    jira.world.advance(120)
    assert jira.keys("updated >= -1m") == []


def test_an_order_may_go_either_way_and_over_several_fields() -> None:
    jira = Jira(campaigns=0)
    for summary, day in (("b", "2026-10-02"), ("a", "2026-10-02"), ("c", "2026-10-01")):
        jira.create(summary=summary, duedate=day)
    assert jira.keys("project = CAM ORDER BY duedate DESC, summary ASC") == ["CAM-2", "CAM-1", "CAM-3"]
    assert jira.keys("project = CAM ORDER BY duedate, summary DESC") == ["CAM-3", "CAM-1", "CAM-2"]


def test_an_issue_property_is_searched_only_if_an_app_has_declared_it() -> None:
    jira = Jira(campaigns=0)
    first, second = jira.create(), jira.create()
    jira.ask("PUT", f"/issue/{first}/properties/mirror", body={"origin": {"task": "01HZX"}, "tags": ["a", "b"]})
    query = 'issue.property["mirror"].origin.task = "01HZX"'
    assert jira.keys(query) == []
    jira.human("switch", name="property_indexed", value=True)
    assert jira.keys(query) == [first]
    assert jira.keys("issue.property[mirror].tags in (b, c)") == [first]
    assert jira.keys("issue.property[mirror].origin.task is EMPTY") == []
    assert second in jira.keys("project = CAM")


def test_an_unknown_label_may_be_refused() -> None:
    jira = Jira(campaigns=0)
    jira.create(labels=["a"])
    jira.human("switch", name="unknown_label_refused", value=True)
    assert jira.keys("labels = A") == ["CAM-1"]
    assert jira.complaint("labels = b") == "The value 'b' does not exist for the field 'labels'."


@pytest.mark.parametrize("when", ["2026-10-05 05:00", "2026/10/05 05:00"])
def test_text_dates_have_minutes_and_no_seconds(when: str) -> None:
    jira = Jira(campaigns=0)
    jira.world.advance(30)
    jira.create()
    assert jira.keys(f'updated > "{when}"') == ["CAM-1"]
    assert jira.keys(f"updated > {MS + 30_000}") == []
    assert jira.keys(f"updated = {MS + 30_000}") == ["CAM-1"]
    assert "is invalid" in jira.complaint(f'updated > "{when}:30"')


def test_queries_are_parsed_and_matched_without_a_search() -> None:
    jira = Jira()
    body = {
        "queries": ["project = CAM ORDER BY key DESC", "colour = red", "status in (", "NOT key = CAM-1 OR due is EMPTY"]
    }
    good, unknown, broken, both = jira.ask("POST", "/jql/parse", body=body)[1]["queries"]
    assert good["structure"]["where"]["operand"] == {"value": "CAM", "encodedValue": "CAM"}
    assert good["structure"]["orderBy"]["fields"][0]["direction"] == "desc"
    assert "does not exist" in unknown["errors"][0]
    assert "structure" not in broken
    assert both["structure"]["where"]["operator"] == "or"
    warned = jira.ask("POST", "/jql/parse", {"validation": "warn"}, {"queries": ["colour = red"]})[1]["queries"][0]
    assert (len(warned["warnings"]), "structure" in warned) == (1, True)
    jqls = ["issuetype = Epic", "colour = red", "labels = nothing"]
    matches = jira.ask("POST", "/jql/match", body={"jqls": jqls, "issueIds": [10401, 10402, 99999]})[1]["matches"]
    assert [match["matchedIssues"] for match in matches] == [[10401], [], []]
    assert matches[1]["errors"][0].startswith("Invalid JQL: ")
