"""Links from a campaign's record to the same campaign in the other tools, where a tool can carry such links."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from sync.errors import SyncError
from sync.flags import Names
from sync.intake import Intake
from sync.model import Kind, Record
from sync.ports import Relation
from sync.state import Link, Remembered, State
from sync.store import Store
from sync.wording import tool_title
from sync.workspace import Work, Workspace, later


class Relations:
    """The links of this run's campaigns. To write one twice does nothing, so that no intent is needed.

    `troubles` says, by tool, why some could not be written: the next run tries again.
    """

    def __init__(self, workspace: Workspace, store: Store, state: State, intake: Intake, names: Names) -> None:
        self._workspace, self._store, self._state, self._intake, self._names = workspace, store, state, intake, names
        self.troubles: dict[str, str] = {}

    def able(self) -> list[str]:
        """The tools that carry links."""
        return [name for name, side in self._intake.sides.items() if side.capability.relates]

    def while_made(self, tool: str, made: Sequence[str], are_made: Callable[[], bool]) -> Work:
        """Link records to those that are there, and to others as they are made (their entities are added to `made`),
        while any are: none of these links has to wait for the slowest tool."""
        seen = len(made)
        yield from self._link(tool, _campaigns(self._state, self._intake), drop=False)
        while seen < len(made) or are_made():
            if seen == len(made):
                yield later
            news, seen = sorted(set(made[seen:])), len(made)
            entities = (self._state.entities[id_] for id_ in news)
            yield from self._link(tool, (e for e in entities if e.kind is Kind.CAMPAIGN), drop=False)

    def rest(self, tool: str) -> Work:
        """Give the records the links that they lack, and take away those that lead nowhere."""
        yield from self._link(tool, _campaigns(self._state, self._intake), drop=True)

    def _link(self, tool: str, entities: Iterable[Remembered], *, drop: bool) -> Work:
        for entity in entities:
            link = entity.links.get(tool)
            if entity.dead or link is None or link.gone or link.missed:
                continue
            wanted = _wanted(entity, tool, self._names, self._workspace)
            lost = sorted(link.related.keys() - wanted.keys()) if drop else []
            added = {other: told for other, told in wanted.items() if link.related.get(other) != told}
            if not added and not lost:
                continue
            if tool in self.troubles:
                self._put_off(entity)
                continue
            relations = [_relation(entity.links[other], told) for other, told in added.items()]
            try:
                yield partial(self._workspace.tools[tool].connector.relate, _record(link), relations, lost)
            except SyncError as error:
                self.troubles[tool] = str(error)
                self._put_off(entity)
                continue
            link.related = {other: told for other, told in {**link.related, **added}.items() if other not in lost}
            with self._store.transaction() as transaction:
                transaction.save([entity])

    def _put_off(self, entity: Remembered) -> None:
        """Let the next run look at it."""
        entity.pending = True
        with self._store.transaction() as transaction:
            transaction.save([entity])


def _campaigns(state: State, intake: Intake) -> Iterator[Remembered]:
    for id_ in sorted(intake.members):
        entity = state.entities[id_]
        if entity.kind is Kind.CAMPAIGN and not entity.dead:
            yield entity


def _wanted(entity: Remembered, tool: str, names: Names, workspace: Workspace) -> dict[str, tuple[str, str]]:
    """By tool, the title and address of the records that can be opened."""
    found = {}
    for other in workspace.tools:
        link = entity.links.get(other)
        if other != tool and link is not None and link.url and not link.gone:
            found[other] = (f"{names.campaign(entity.id)} in {tool_title(other)}", link.url)
    return found


def _relation(link: Link, told: tuple[str, str]) -> Relation:
    title, url = told
    return Relation(link.ref.tool, link.ref.native, title, url)


def _record(link: Link) -> Record:
    return Record(link.ref, {}, key=link.key, url=link.url)
