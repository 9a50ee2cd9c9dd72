"""The workflows of the project: which transitions there are, and which lead out of a status (reference jira §5.6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from connectors.sandbox.jira_schema import EPIC, STATUSES, TASK, Status, workflow_type

SIMPLE: Final = "simple"
OF_2019: Final = "2019"


@dataclass(frozen=True, slots=True)
class Transition:
    """A way to the status `to`, from every status (`sources` empty) or from some.

    `screen` are the fields that may come along, those in `required` have to. `conditional`: only administrators of the
    project may take it. `clears` are fields that it empties.
    """

    id: str
    name: str
    to: str
    sources: tuple[str, ...] = ()
    screen: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    conditional: bool = False
    clears: tuple[str, ...] = ()


_RESOLVED = ("resolution",)
# Somebody's from 2019: German names, many of them the same, steps that only an administrator takes, a screen that asks.
_TASKS_OF_2019 = (
    Transition("112", "Bearbeitung starten", "10111", ("10110",)),
    Transition("113", "Weiter", "10120", ("10111",)),
    Transition("114", "Weiter", "10113", ("10120",), ("resolution", "assignee"), _RESOLVED),
    Transition("115", "Blockiert", "10112", ("10111", "10120")),
    Transition("116", "Weiter", "10111", ("10112",)),
    Transition("117", "Verwerfen", "10114", ("10110", "10111", "10112"), _RESOLVED, _RESOLVED, conditional=True),
    Transition("118", "Wieder öffnen", "10110", ("10113", "10114"), clears=_RESOLVED),
    Transition("119", "Weiter", "10113", ("10111",), conditional=True),
)
_EPICS_OF_2019 = (
    Transition("211", "Weiter", "10101", ("10100",)),
    Transition("212", "Weiter", "10102", ("10101",)),
    Transition("213", "Freigeben", "10103", ("10102",), conditional=True),
    Transition("214", "Einplanen", "10104", ("10103",)),
    Transition("215", "Weiter", "10105", ("10104",)),
    Transition("216", "Weiter", "10106", ("10105",), _RESOLVED, _RESOLVED),
    Transition("217", "Abbrechen", "10107", (), _RESOLVED, _RESOLVED),
    Transition("218", "Zurück", "10101", ("10102",)),
    Transition("219", "Zurück", "10103", ("10104",)),
    Transition("220", "Wieder öffnen", "10100", ("10107",), clears=_RESOLVED),
)
_OF_2019 = {EPIC: _EPICS_OF_2019, TASK: _TASKS_OF_2019}
WORKFLOWS: Final = (SIMPLE, OF_2019)


def statuses(name: str, kind: str) -> list[Status]:
    """The statuses of a type of issue whose workflow has this name."""
    own = [status for status in STATUSES if status.type == workflow_type(kind)]
    return [status for status in own if status.transition or name == OF_2019]


def ways(name: str, kind: str) -> tuple[Transition, ...]:
    """All transitions of a type of issue whose workflow has this name. The simple one leads from anywhere anywhere."""
    if name == OF_2019:
        return _OF_2019[workflow_type(kind)]
    return tuple(Transition(s.transition, s.name, s.id) for s in statuses(name, kind))
