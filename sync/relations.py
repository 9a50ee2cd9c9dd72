"""Links from a campaign's record to the same campaign in the other tools, where a tool can carry such links."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sync.errors import SyncError
from sync.flags import Names
from sync.intake import Intake
from sync.model import Kind, Record
from sync.ports import Relation
from sync.state import Link, Remembered, State
from sync.store import Store
from sync.wording import tool_title
from sync.workspace import Workspace

Related = Mapping[str, tuple[str, str]]


def relate(workspace: Workspace, store: Store, state: State, intake: Intake, names: Names) -> dict[str, str]:
    """Give the records of this run's campaigns the links that they lack, and take away those that lead nowhere.

    Gives, by tool, why some could not be written: the next run tries again. To write
    one twice does nothing, so that no intent is needed.
    """
    troubles: dict[str, str] = {}
    able = [name for name, side in intake.sides.items() if side.capability.relates]
    for tool in able:
        connector = workspace.tools[tool].connector
        for entity in _campaigns(state, intake):
            link = entity.links.get(tool)
            if link is None or link.gone or link.missed:
                continue
            wanted = _wanted(entity, tool, names, workspace)
            if wanted == link.related:
                continue
            if tool in troubles:
                _put_off(entity, store)
                continue
            added = [_relation(entity.links[other], told) for other, told in wanted.items()
                     if link.related.get(other) != told]  # fmt: skip
            try:
                connector.relate(_record(link), added, sorted(link.related.keys() - wanted.keys()))
            except SyncError as error:
                troubles[tool] = str(error)
                _put_off(entity, store)
                continue
            link.related = wanted
            with store.transaction() as transaction:
                transaction.save([entity])
    return troubles


def _put_off(entity: Remembered, store: Store) -> None:
    """Let the next run look at it."""
    entity.pending = True
    with store.transaction() as transaction:
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
