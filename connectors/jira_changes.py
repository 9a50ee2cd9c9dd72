"""What was made or changed in a Jira project since a position, and the text that a position is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from connectors import jira_issues
from connectors.jira_issues import PROPERTY, ROUNDING, SETTLE, asked, moment, record
from connectors.jira_place import Place
from connectors.jira_project import Project
from connectors.jira_search import Issue, Search, search
from sync.errors import Outdated
from sync.model import Kind, Record, Ref


def position(place: Place, at: datetime) -> str:
    """Text that begins with epoch milliseconds and names the place, of which alone it says anything."""
    return f"{int(at.timestamp() * 1000)} {_scope(place)}"


def moment_of(tool: str, place: Place, text: str) -> datetime:
    """When a position is. Outdated where it is none, or one in another project or of other issue types."""
    head, _, scope = text.partition(" ")
    if scope != _scope(place):
        raise Outdated(f"What changed in {tool} is not known: {text[:80]!r} is no position in project {place.key}.")
    try:
        if head.isascii() and head.isdigit():
            return datetime.fromtimestamp(int(head) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    raise Outdated(f"What changed in {tool} is not known: {text[:80]!r} is no position.")


def changed(
    project: Project, since: datetime, reconcile: Sequence[int], reached: Callable[[datetime], None]
) -> Iterator[Record]:
    """Every issue of our types that was updated since then, in the order of the updates, campaigns of a page first.

    `reached` is told after each page up to when nothing is missing (reference jira §4.6: epoch milliseconds, which
    know no time zone, and no upper bound).
    """
    place, site = project.place, project.site
    begun = site.clock.now()

    def begins() -> None:
        """Where nothing was asked before, the first answer tells when its question was put."""
        nonlocal begun
        begun = begun or site.asked_at
        if begun is not None and since > begun:
            raise Outdated(f"What changed in {project.tool} is not known: its clock was set back behind {since}.")

    def empty() -> None:
        begins()
        project.prove_once()

    if begun is not None:
        begins()

    def rest(last: Issue) -> str | None:
        then = moment(_field(last, "updated"))
        return _since(place, max(since, then - ROUNDING)) if then else None

    # Touched while we page, an issue comes again further down, with what it holds then.
    fields, witnesses = asked(project, list(Kind)), project.witnesses
    asking = Search(_since(place, since, witnesses), fields, jira_issues.PAGE, (PROPERTY,), reconcile, _version, rest)
    for page in search(site, "listing changes", asking, empty):
        begins()
        news = [issue for issue in page if not (str(issue["id"]) in witnesses and _is_older(issue, since))]
        known = [(kind, issue) for issue in news if (kind := _kind(place, issue)) is not None]
        jira_issues.meet_epics(project, [issue for _, issue in known])
        for kind, issue in sorted(known, key=lambda pair: pair[0] is not Kind.CAMPAIGN):
            yield record(project, issue, Ref(project.tool, kind, str(issue["id"])))
        # Where those that are read past the index stand in a page is not documented.
        inside = [issue for issue in page if int(issue["id"]) not in reconcile]
        last = moment(_field(inside[-1], "updated")) if inside else None
        if last is not None and begun is not None:
            # What is older than the index lags is in its place for good; so that long back nothing can turn up.
            reached(max(since, min(last - ROUNDING, begun - SETTLE)))
    if begun is not None:
        reached(max(since, begun - SETTLE))


def _since(place: Place, at: datetime, witnesses: Sequence[str] = ()) -> str:
    """What was updated since then; and the witnesses in any case, of which a stranger sees none."""
    types = ", ".join(place.types[kind] for kind in Kind)
    then = f"updated >= {int(at.timestamp() * 1000)}"
    then = f"({then} OR id in ({', '.join(witnesses)}))" if witnesses else then
    return f"project = {place.project} AND issuetype in ({types}) AND {then} ORDER BY updated ASC, id ASC"


def _is_older(issue: Issue, since: datetime) -> bool:
    """Whether it cannot be among what was updated since then, however its index rounds."""
    at = moment(_field(issue, "updated"))
    return at is not None and at < since - ROUNDING


def _scope(place: Place) -> str:
    return " ".join([place.project, *(place.types[kind] for kind in Kind)])


def _version(issue: Issue) -> tuple[str, str]:
    return str(issue["id"]), str(_field(issue, "updated"))


def _kind(place: Place, issue: Issue) -> Kind | None:
    """None for an issue that the index has under a type which it has no more; a census misses it."""
    issuetype = _field(issue, "issuetype")
    return place.kind_of(str(issuetype.get("id"))) if isinstance(issuetype, dict) else None


def _field(issue: Issue, name: str) -> object:
    fields = issue.get("fields")
    return fields.get(name) if isinstance(fields, dict) else None
