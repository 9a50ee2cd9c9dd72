"""The project as its administrators have it now: fields, types, workflows, projects, permissions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from connectors.sandbox.jira_schema import (
    CLOUD,
    PROJECT_ID,
    PROJECT_KEY,
    PROJECT_NAME,
    TYPE,
    Field,
    IssueType,
    Status,
    fields_of,
)
from connectors.sandbox.jira_workflow import SIMPLE, Transition, statuses, ways

JSON = dict[str, Any]

# What the sync account may do; people may do everything. Site administration is not given to a service account.
PERMISSIONS = {
    "browse": True, "create": True, "edit": True, "transition": True, "assign": True, "delete": True, "comment": True,
    "administer_project": True, "administer": False,
}  # fmt: skip


@dataclass(slots=True)
class Project:
    """A project of the site. The sync account does not see one that is not `visible`."""

    id: str
    key: str
    name: str
    visible: bool = True
    old_keys: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Setup:
    """How the site is set up; it begins as the company's schema says.

    `trash` holds removed fields, whose values stay where they are; `required` are ids of fields that creating and
    editing must not leave empty; `closed` are transitions (ids) that the workflow has lost; `workflows` has the name
    of the workflow of each type that does not have the simple one.
    """

    fields: dict[str, Field] = field(default_factory=lambda: fields_of(CLOUD))
    trash: dict[str, Field] = field(default_factory=dict)
    types: dict[str, IssueType] = field(default_factory=lambda: dict(TYPE))
    required: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    workflows: dict[str, str] = field(default_factory=dict)
    permissions: dict[str, bool] = field(default_factory=lambda: dict(PERMISSIONS))
    projects: dict[str, Project] = field(
        default_factory=lambda: {PROJECT_ID: Project(PROJECT_ID, PROJECT_KEY, PROJECT_NAME)}
    )

    @property
    def key(self) -> str:
        """The campaigns' project's key of today."""
        return self.projects[PROJECT_ID].key

    def named(self, name: str) -> Field | None:
        """The field of this id or display name, in any case of letters."""
        found = (one for one in self.fields.values() if name == one.id or name.lower() == one.name.lower())
        return next(found, None)

    def project(self, id_or_key: str) -> Project | None:
        """A project by its id or its key, an old one too, in any case of letters."""
        for project in self.projects.values():
            if id_or_key == project.id or id_or_key.upper() in (project.key, *project.old_keys):
                return project
        return None

    def statuses(self, kind: str) -> list[Status]:
        """The statuses that issues of this type go through."""
        return statuses(self.workflows.get(kind, SIMPLE), kind)

    def ways(self, kind: str) -> list[Transition]:
        """The transitions that the workflow of this type has, closed ones left out."""
        return [way for way in ways(self.workflows.get(kind, SIMPLE), kind) if way.id not in self.closed]

    def open_ways(self, kind: str, status: str) -> list[Transition]:
        """Those that the sync account may take out of a status."""
        if not self.permissions["transition"]:
            return []
        return [way for way in self.ways(kind) if not way.conditional and status in (way.sources or (status,))]

    @classmethod
    def load(cls, plain: JSON) -> Setup:
        """The inverse of its dump."""
        fields, trash = (
            {id: Field(**{**one, "screens": tuple(one["screens"])}) for id, one in plain[name].items()}
            for name in ("fields", "trash")
        )
        types = {id: IssueType(**one) for id, one in plain["types"].items()}
        projects = {id: Project(**one) for id, one in plain["projects"].items()}
        return cls(**{**plain, "fields": fields, "trash": trash, "types": types, "projects": projects})
