"""The accounts that issues of a Jira project may name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.answers import items, understood, word
from connectors.jira_project import Project
from sync.ports import Member

PAGE = 200
LOOKED_AT = 1000  # users that an assignable search looks at, however many there are (reference jira §5.13)


def members(project: Project) -> list[Member]:
    """On Cloud who may be assigned in the project; on a Data Center everybody, also those who left.

    Cloud hides the email of whoever wants it so, and does not list those who left. Apps are not listed.
    """
    pages = _assignable(project) if project.site.cloud else _everybody(project)
    found: dict[str, Member] = {}
    with understood(project.tool, "listing people"):
        for one in pages:
            native = word(one, "accountId" if project.site.cloud else "name")
            if one.get("accountType", "atlassian") != "app":
                active = one.get("active") is not False and one.get("deleted") is not True
                name = str(one.get("displayName") or native)
                found[native] = Member(native, name, str(one.get("emailAddress") or ""), active)
    return list(found.values())


def _assignable(project: Project) -> Iterator[Mapping[str, Any]]:
    """Each page is a range of all users, of which only the assignable are shown: it may be short, or empty."""
    for start in range(0, LOOKED_AT, PAGE):
        query = {"project": project.place.key, "query": "", "startAt": start, "maxResults": PAGE}
        page = _page(project, "user/assignable/search", query)
        yield from page
        if not page:
            return


def _everybody(project: Project) -> Iterator[Mapping[str, Any]]:
    start = 0
    while True:
        # A dot is in every address; there is no other way to ask for all (reference jira §5.13).
        query = {"username": ".", "includeInactive": "true", "startAt": start, "maxResults": LOOKED_AT}
        page = _page(project, "user/search", query)
        yield from page
        if not page:
            return
        start += len(page)


def _page(project: Project, path: str, query: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    listed = project.site.look("listing people", "GET", path, params=query)
    with understood(project.tool, "listing people"):
        return list(items({"people": listed}, "people"))
