"""Links from a Jira issue back to the same campaign in other tools (remote issue links)."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from connectors.jira_errors import ForbiddenError, Missing
from connectors.jira_site import Site
from sync.errors import Rejected, Stale
from sync.model import Record
from sync.ports import Relation

OURS = "campaign-sync:"  # what the global ids of our links begin with; a person's link has another or none
LONGEST = 255  # characters of a global id (reference jira §8), and of a title
RELATIONSHIP = "planned in"
APPLICATION = {"type": "campaign-sync", "name": "campaign-sync"}


def relate(site: Site, record: Record, relations: Sequence[Relation], dropped: Sequence[str]) -> None:
    """Write these links, and take away ours to the tools `dropped`. A link is written under an id of its tool's, under
    which Jira puts it in the place of an earlier one (§5.11), so that none is looked up.

    Raises Rejected where Jira refuses a link, Stale where the issue went away.
    """
    native, key = record.ref.native, record.key or record.ref.native
    doing = f"linking {key}"
    try:
        for one in relations:
            body = {"globalId": _global_id(one.tool), **_body(one)}
            site.ask(doing, "POST", f"issue/{native}/remotelink", json=body)
        for tool in dropped:
            _remove(site, native, doing, _global_id(tool))
    except Missing as exc:
        raise Stale(f"{exc} It went away after the plan was made; the next run looks again.") from None
    except ForbiddenError as exc:
        raise Rejected(f"{exc} The account needs the permission to link issues, which a site may turn off.") from None


def _remove(site: Site, native: str, doing: str, global_id: str) -> None:
    query = {"globalId": global_id}
    try:
        site.repeat(lambda: site.tell(doing, "DELETE", f"issue/{native}/remotelink", params=query))
    except Missing:
        return  # an attempt before, whose answer was lost, or a person has removed it


def _global_id(tool: str) -> str:
    plain = f"{OURS}{tool}"
    if len(plain) <= LONGEST:
        return plain
    digest = sha256(plain.encode()).hexdigest()
    return f"{plain[: LONGEST - len(digest) - 1]}#{digest}"


def _body(one: Relation) -> dict[str, Any]:
    """All members each time: what an update leaves out becomes null (§5.11)."""
    title = " ".join(one.title.split()) or one.native
    return {
        "application": APPLICATION,
        "relationship": RELATIONSHIP,
        "object": {"url": one.url, "title": title if len(title) <= LONGEST else f"{title[: LONGEST - 1]}…"},
    }
