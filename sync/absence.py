"""Deletions: counts what is missing, holds it in quarantine, and carries out what a person decided. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from sync.findings import FindingKind, fingerprint_of
from sync.intake import Intake
from sync.merge import Merged
from sync.model import EntityLink, Kind
from sync.plan import LINK_FIELD
from sync.state import Link, Remembered, State

CONFIRMATIONS = 2
DELETE = "delete"
RESTORE = "restore"


class Absences:
    """The records that linked entities have lost, in one run."""

    def __init__(self, state: State, intake: Intake) -> None:
        self.state, self.intake = state, intake
        self._restored: set[tuple[str, str]] = set()

    def count(self) -> None:
        """Count one more confirmed absence, or none for records that are shown again."""
        for entity in self.state.entities.values():
            if entity.dead:
                continue
            for tool, link in entity.links.items():
                if (entity.id, tool) in self.intake.absent:
                    link.missed = min(link.missed + 1, CONFIRMATIONS)  # more would be news in every run
                elif link.ref in self.intake.shown:
                    link.missed, link.contested, link.gone = 0, False, False
        for entity, _, link in self._missing():
            if all(map(_is_lost, entity.links.values())):  # what is gone everywhere is gone
                link.gone = True

    def let_go(self, is_over: Callable[[str], bool], archived: Collection[str]) -> None:
        """A record of a campaign that is over, by what was merged, may go without a word. What people decided is
        carried out all the same."""
        for entity, tool, link in self._missing():
            settled = entity.id in archived or (entity.id, tool) in self._restored
            link.gone = link.gone or (not settled and is_over(entity.campaign or entity.id))

    def contest(self, merged: Mapping[str, Mapping[str, Merged]]) -> None:
        """A deletion is contested once somebody edits the entity in another tool."""
        for entity in self.state.entities.values():
            edited = any(cell.editors for cell in merged.get(entity.id, {}).values())
            for link in entity.links.values():
                link.contested = link.contested or (edited and link.missed > 0)

    def quarantined(self) -> Iterator[tuple[Remembered, str]]:
        """Confirmed deletions that wait for a person: a campaign stands for its stages."""
        for entity, tool, link in self._missing():
            if link.gone or entity.dead or (entity.id, tool) in self._restored:
                continue
            campaign = self._campaign(entity)
            above = campaign.links.get(tool) if campaign is not None and campaign is not entity else None
            if above is None or not above.missed:
                yield entity, tool

    def decided(self, merged: Mapping[str, Mapping[str, Merged]]) -> tuple[frozenset[tuple[str, str]], frozenset[str]]:
        """What people decided: links to forget, so that the record is created anew, and entities to archive. A stage
        that somebody has moved to another campaign since is none of this one's any more."""
        archived: set[str] = set()
        for entity, tool in list(self.quarantined()):
            # A decision about a mere deletion does not count any more once somebody has edited the entity elsewhere.
            kind = FindingKind.DELETION_CONFLICT if entity.links[tool].contested else FindingKind.DELETION
            choice = self.state.decisions.get(fingerprint_of(kind, entity.id, tool))
            if choice == DELETE:
                archived.update(one.id for one in self._family(entity, merged))
            elif choice == RESTORE:
                family = self._family(entity, merged)
                self._restored.update((one.id, tool) for one in family if self._is_missing(one, tool))
        return frozenset(self._restored), frozenset(archived)

    def restored_in(self, entity: str) -> set[str]:
        """The tools in which a new record is to replace the one that was deleted."""
        return {tool for one, tool in self._restored if one == entity}

    def dying(self, archived: frozenset[str] = frozenset()) -> Iterator[Remembered]:
        """Entities of which no record is left, now marked dead. A confirmed absence is enough for archived ones."""
        for entity in self.state.entities.values():
            links = entity.links.values()
            if entity.dead or not links:
                continue
            # Until the last record is archived the deletion waits, and so does the decision about it.
            if all(map(_is_lost, links)) if entity.id in archived else all(link.gone for link in links):
                for link in links:
                    link.gone = True
                entity.dead = True
                yield entity

    def _family(self, entity: Remembered, merged: Mapping[str, Mapping[str, Merged]]) -> Iterator[Remembered]:
        """The entity, and for a campaign its stages."""
        self.state.bring_families([entity.id])
        yield entity
        for other in list(self.state.entities.values()):
            cell = merged.get(other.id, {}).get(LINK_FIELD)  # None where it is at rest
            if cell and cell.conflict:
                continue
            parent = cell.value if cell else other.agreed.get(LINK_FIELD)
            if entity.kind is Kind.CAMPAIGN and isinstance(parent, EntityLink) and parent.id == entity.id:
                yield other

    def _missing(self) -> list[tuple[Remembered, str, Link]]:
        return [
            (entity, tool, link)
            for entity in self.state.entities.values()
            for tool, link in entity.links.items()
            if link.missed >= CONFIRMATIONS and not entity.dead
        ]

    @staticmethod
    def _is_missing(entity: Remembered, tool: str) -> bool:
        return tool in entity.links and entity.links[tool].missed > 0

    def _campaign(self, entity: Remembered) -> Remembered | None:
        parent = entity.agreed.get(LINK_FIELD)
        return self.state.entities.get(parent.id) if isinstance(parent, EntityLink) else entity


def _is_lost(link: Link) -> bool:
    """Whether nothing is left of a record, by a deletion that was accepted or one that was confirmed."""
    return link.gone or link.missed >= CONFIRMATIONS
