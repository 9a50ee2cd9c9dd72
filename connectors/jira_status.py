"""A Jira status, which is never set but only reached: by one transition that the workflow offers now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.answers import items, part, understood, word
from connectors.jira_site import Site
from sync.errors import Ambiguous, Rejected, Unavailable

Status = Mapping[str, Any]  # {"id"?, "name"?}


def same(wanted: Status, status: Any) -> bool:
    """Whether a status is the wanted one, by id where that is given, else by name."""
    if not isinstance(status, Mapping):
        return False
    if wanted.get("id") is not None:
        return str(wanted["id"]) == str(status.get("id"))
    return str(wanted.get("name", "")).casefold() == str(status.get("name", "")).casefold()


def move(site: Site, native: str, key: str, wanted: Status) -> None:
    """Bring an issue into a status by one hop (reference jira §5.6).

    Raises Rejected, with what is on offer, where no transition leads there. Where a request gets no answer the whole
    is repeated from a fresh look, since the transition may have taken place.
    """

    def attempt() -> None:
        hop = _hop(site, native, key, wanted)
        if hop is None:
            return
        try:
            body = {"transition": {"id": hop}}
            site.tell(f"moving {key}", "POST", f"issue/{native}/transitions", json=body, creating=True)
        except Ambiguous as exc:
            raise Unavailable(str(exc), exc.retry_after) from None

    site.repeat(attempt)


def _hop(site: Site, native: str, key: str, wanted: Status) -> str | None:
    """The id of the transition to take; None when the issue is there already."""
    doing = f"reading the transitions of {key}"
    answer = site.once(doing, "GET", f"issue/{native}/transitions")
    with understood(site.tool, doing):
        offered = [one for one in items(answer, "transitions") if one.get("isAvailable") is not False]
        # By the target: transitions' own names are translated and doubled, and their ids differ between workflows.
        leading = [one for one in offered if same(wanted, part(one, "to"))]
        if leading:
            return word(min(leading, key=lambda one: bool(one.get("hasScreen"))), "id")
    doing = f"reading the status of {key}"
    issue = site.once(doing, "GET", f"issue/{native}", params={"fields": "status"})
    with understood(site.tool, doing):
        now = part(part(issue, "fields"), "status")
        name = word(now, "name")
    if same(wanted, now):
        return None
    raise Rejected(
        f"{site.tool} cannot move {key} from {name!r} to {_name(wanted)!r}: the workflow offers "
        f"{_names(offered)}. Move it in {site.tool} by hand, or let the workflow allow that step."
    )


def _name(wanted: Status) -> str:
    return str(wanted.get("name") or f"status {wanted.get('id')}")


def _names(offered: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(sorted({repr(one["to"].get("name")) for one in offered})) or "nothing to this account"
