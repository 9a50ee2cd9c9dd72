"""Links from a Jira issue back to the same campaign in other tools (remote issue links)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from connectors.answers import items, understood
from connectors.jira_errors import ForbiddenError, Missing
from connectors.jira_site import Site
from sync.errors import Rejected, Stale
from sync.model import Record
from sync.ports import Relation

OURS = "campaign-sync:"  # what the global ids of our links begin with; a person's link has another or none
LONGEST = 255  # characters of a global id (reference jira §8), and of a title
RELATIONSHIP = "planned in"
APPLICATION = {"type": "campaign-sync", "name": "campaign-sync"}


def relate(site: Site, record: Record, relations: Sequence[Relation]) -> None:
    """Make our links of the issue exactly these; what stands there as it should is not written again (§5.11).

    Raises Rejected where Jira refuses a link, Stale where the issue went away.
    """
    native, key = record.ref.native, record.key or record.ref.native
    doing = f"linking {key}"
    wanted = {_global_id(one): _body(one) for one in relations}
    try:
        have = _have(site, native, f"reading the links of {key}")
        for global_id, body in wanted.items():
            if global_id not in have or not _shows(have[global_id], body):
                site.ask(doing, "POST", f"issue/{native}/remotelink", json={"globalId": global_id, **body})
        for global_id in have.keys() - wanted.keys():
            _remove(site, native, doing, global_id)
    except Missing as exc:
        raise Stale(f"{exc} It went away after the plan was made; the next run looks again.") from None
    except ForbiddenError as exc:
        raise Rejected(f"{exc} The account needs the permission to link issues, which a site may turn off.") from None


def _have(site: Site, native: str, doing: str) -> dict[str, Mapping[str, Any]]:
    """Our links by global id. One that cannot be understood is none of ours."""
    listed = site.ask(doing, "GET", f"issue/{native}/remotelink")
    with understood(site.tool, doing):
        links = items({"links": listed}, "links")
    return {name: one for one in links if isinstance(name := one.get("globalId"), str) and name.startswith(OURS)}


def _remove(site: Site, native: str, doing: str, global_id: str) -> None:
    query = {"globalId": global_id}
    try:
        site.repeat(lambda: site.tell(doing, "DELETE", f"issue/{native}/remotelink", params=query))
    except Missing:
        return  # an attempt before, whose answer was lost, or a person has removed it


def _global_id(one: Relation) -> str:
    plain = f"{OURS}{one.tool}:{one.native}"
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


def _shows(link: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    shown = link.get("object")
    return isinstance(shown, dict) and all(shown.get(name) == body["object"][name] for name in ("url", "title"))
