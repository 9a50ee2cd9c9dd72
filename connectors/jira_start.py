"""The status in which a Jira workflow has new issues, and the step into another that a creation may take along."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.jira_project import Project
from connectors.jira_steps import Status, Step, best, offered, same
from sync.errors import SyncError
from sync.model import Kind, Record


def first_status(project: Project, kind: Kind) -> Status | None:
    """Where issues of a type are created, if that is known together with what leads on from it."""
    first = project.first.get(kind)
    return first if first is not None and (kind, str(first.get("id"))) in project.steps else None


def learn(project: Project, new: Record, *, ask: bool) -> None:
    """Remember where a new issue stands; `ask` what leads on from there, if that is not known yet."""
    kind, status = new.ref.kind, new.fields.get("status")
    if not isinstance(status, Mapping) or not str(status.get("id")).isdigit():
        return
    here = (kind, str(status["id"]))
    project.first.setdefault(kind, status)
    if ask and here not in project.steps:
        try:
            project.steps[here] = offered(project.site, new.ref.native, new.key or new.ref.native)
        except SyncError:
            return  # what cannot be told in advance, each issue is asked for


def step_at_creation(project: Project, kind: Kind, wanted: Status | None) -> Step | None:
    """A step that was offered in the first status and wants nothing filled in. Cloud alone promises to take one along
    (reference jira §5.2, §5.3); whether it did is told by reading the new issue, and a walk makes up for it."""
    first = first_status(project, kind)
    if not project.site.cloud or not wanted or first is None or same(wanted, first):
        return None
    steps = [one for one in project.steps[kind, str(first["id"])] if same(wanted, one.to)]
    return best([one for one in steps if not _asks(project, one)])


def _asks(project: Project, step: Step) -> bool:
    needed = any(one.required for one in step.inputs.values())
    return needed or bool(step.filled(project.given, cloud=project.site.cloud))
