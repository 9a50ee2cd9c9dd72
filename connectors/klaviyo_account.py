"""What every revision of Klaviyo has alike: an account's lists, segments and tags, by name and id."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

from connectors.answers import items, part, understood, word
from connectors.calendar import Audience
from connectors.calendar_wire import Missing
from connectors.klaviyo_wire import Wire
from sync.errors import Rejected


class Account:
    """The lists, segments and tags of one account. A campaign's tags are set here; those of a name must exist."""

    def __init__(self, tool: str, wire: Wire) -> None:
        self._tool = tool
        self._wire = wire
        self._tags: dict[str, str] = {}  # id by name

    def audiences(self) -> Sequence[Audience]:
        """All lists, then all segments. Their sizes are told one by one only, so they are not asked for."""
        return [Audience(id_, name) for kind in ("list", "segment") for id_, name in self._named(kind)]

    def audience(self, id_: str) -> Audience | None:
        """A list or a segment: an id does not say which."""
        for kind in ("list", "segment"):
            doing = f"reading the {kind} {id_}"
            with suppress(Missing):
                document = self._wire.get(doing, f"/api/{kind}s/{id_}", {f"fields[{kind}]": "name"})
                with understood(self._tool, doing):
                    return Audience(id_, word(part(part(document, "data"), "attributes"), "name"))
        return None

    def tag_names(self) -> Sequence[tuple[str, str]]:
        """Id and name of every tag."""
        self._tags = {name: id_ for id_, name in self._named("tag")}
        return [(id_, name) for name, id_ in self._tags.items()]

    def tag(self, name: str, held: Mapping[str, str] | None = None) -> str:
        """The id of an existing tag; `held` are names by id that need no look."""
        own = {known: id_ for id_, known in (held or {}).items()}
        if name not in own and name not in self._tags:
            self.tag_names()
        if name not in own and name not in self._tags:
            raise Rejected(f"{self._tool} has no tag {name!r}; make it there first.")
        return own.get(name) or self._tags[name]

    def retag(self, campaign: str, *, add: Iterable[str] = (), remove: Iterable[str] = ()) -> None:
        """Give a campaign tags, by id, and take some from it."""
        for method, tags in (("POST", add), ("DELETE", remove)):
            for tag in sorted(tags):
                self._tie(method, tag, [campaign])

    def label(self, tags: Mapping[str, Collection[str]]) -> None:
        """Give campaigns, by id, tags, by name: a request for each tag, which takes many campaigns (K1). One that is
        refused keeps no other from being given."""
        campaigns: dict[str, list[str]] = {}
        for campaign, names in tags.items():
            for name in names:
                campaigns.setdefault(name, []).append(campaign)
        for name in sorted(campaigns):
            with suppress(Rejected):
                self._tie("POST", self.tag(name), campaigns[name])

    def _tie(self, method: str, tag: str, campaigns: Sequence[str]) -> None:
        doing = "adding a tag" if method == "POST" else "removing a tag"
        data = [{"type": "campaign", "id": campaign} for campaign in campaigns]
        self._wire.change(doing, method, f"/api/tags/{tag}/relationships/campaigns", data)

    def _named(self, kind: str) -> Iterator[tuple[str, str]]:
        """Id and name of every list, segment or tag."""
        doing = f"reading the {kind}s"
        for page in self._wire.pages(doing, f"/api/{kind}s", {f"fields[{kind}]": "name"}):
            with understood(self._tool, doing):
                found = [(word(thing, "id"), word(part(thing, "attributes"), "name")) for thing in items(page, "data")]
            yield from found
