"""The workspace's settings: campaign-sync.toml, people.toml and secret files, read and checked."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_settings import SettingsError

from jobs.people import read_people
from jobs.settings_errors import ENV_PREFIX, Document, Loc, Problems, env_name, read_toml, said_of, unknown
from jobs.settings_file import AuditSection, EmailSection, GuardSection, ToolSection, WebhooksSection, WorkspaceFile
from jobs.settings_secrets import secret, signing_in, webhook_secret
from jobs.tools import ToolType, tool_types
from sync.errors import ConfigError
from sync.model import Field, FieldType, Kind, PersonEntry, Schema, schema
from sync.policy import HOLD, PREFER

START = (
    "Run `campaign-sync demo` to try everything on made-up tools, or write the file as docs/setup.md tells; "
    "another place is named with --config FILE or CAMPAIGN_SYNC_CONFIG."
)
_TOOL_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_FIELD_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class ToolSettings:
    """One connected tool: its type, the type's own options, its secrets and its mapping file (None: the packaged).

    `token` is the secret of the app where `options` has `oauth`. `webhook_secret_file` may not be there yet.
    """

    name: str
    type: ToolType
    options: BaseModel
    token: SecretStr | None
    mapping: Path | None
    webhook_secret: SecretStr | None = None
    webhook_secret_file: Path | None = None


@dataclass(frozen=True, slots=True)
class EmailSettings:
    """Where the conflict report goes: `smtp` is smtp://, smtps:// or smtp+starttls:// with host and port."""

    smtp: str
    sender: str
    to: tuple[str, ...]
    user: str | None = None
    password: SecretStr | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """A workspace as its files describe it. `state` is a SQLAlchemy URL, `folder` where its other files may go."""

    path: Path
    name: str
    zone: ZoneInfo
    schedule: str
    full_every: timedelta
    count_every: timedelta
    sends: str
    send_margin: timedelta
    state: str = field(repr=False)
    folder: Path
    people: tuple[PersonEntry, ...]
    people_file: Path
    schema: Schema
    tools: Mapping[str, ToolSettings]
    email: EmailSettings | None
    policy: Mapping[tuple[Kind, str], str]
    stages: tuple[str, ...]
    audience_gap: timedelta
    guard: GuardSection
    webhooks: WebhooksSection | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """All that must never be shown or logged."""
        tokens = [secret for tool in self.tools.values() for secret in (tool.token, tool.webhook_secret)]
        known = [*tokens, self.email.password if self.email else None]
        password = re.match(r"[^:]+://[^/@]*?:([^/@]+)@", self.state)
        return (*(s.get_secret_value() for s in known if s), *(password.groups() if password else ()))


def load_settings(path: Path) -> Settings:
    """Everything that the workspace's files say. Raises one ConfigError that lists all that is wrong in them."""
    document = read_toml(path, missing=START)
    problems = Problems()
    _check_environment(document, problems)
    file = _validated(WorkspaceFile, document, document.data, (), problems)
    if file is None:
        if not any(name.upper().startswith(env_name(("tools", ""))) for name in os.environ):
            _tools(document, document.data.get("tools"), problems)  # so that theirs are told in the same go
        problems.raise_any()
        raise ConfigError(f"{path} could not be read.")
    added = {kind: _custom(document, kind, getattr(file.custom, kind), problems) for kind in Kind}
    fields = schema(added[Kind.CAMPAIGN], added[Kind.STAGE])
    tools = _tools(document, file.tools, problems)
    people_file = path.parent / file.workspace.people
    people = read_people(people_file, tools=set(file.tools), problems=problems)
    policy = _policy(document, file.policy.model_dump(), fields, set(file.tools), problems)
    email = _email(document, file.email, problems)
    problems.raise_any()
    state, folder = _state(path, file.workspace.state)
    return Settings(
        path=path,
        name=file.workspace.name,
        zone=ZoneInfo(file.workspace.timezone),
        schedule=file.workspace.schedule,
        full_every=file.workspace.full_every,
        count_every=file.workspace.count_every,
        sends=file.workspace.sends,
        send_margin=file.workspace.send_margin,
        state=state,
        folder=folder,
        people=people,
        people_file=people_file,
        schema=fields,
        tools=tools,
        email=email,
        policy=policy,
        stages=_unrepeated(file.audit),
        audience_gap=file.audit.audience_gap,
        guard=file.guard,
        webhooks=file.webhooks,
    )


def _validated(
    model: type[Any], document: Document, data: Mapping[str, Any], at: Loc, problems: Problems, also: Iterable[str] = ()
) -> Any:
    """The model of the data, None with the problems added where it is wrong. `at` is the data's place in the file."""
    try:
        return model(**data)
    except ValidationError as exc:
        for error in exc.errors(include_url=False, include_input=False):
            loc = tuple(error["loc"])
            problems.add(document, (*at, *loc), said_of(error, {*_names(model, loc), *also}))
    except SettingsError as exc:
        problems.add(document, at, f"an environment variable that begins with {ENV_PREFIX} is not usable: {exc}")
    return None


def _names(model: type[BaseModel], loc: Loc) -> set[str]:
    """The keys that exist beside the last one of `loc`."""
    current: Any = model
    for part in loc[:-1]:
        if not isinstance(current, type) or not issubclass(current, BaseModel):
            return set()
        if part not in current.model_fields:
            return set()
        current = _model_in(current.model_fields[str(part)].annotation)
    return set(current.model_fields) if isinstance(current, type) and issubclass(current, BaseModel) else set()


def _model_in(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _model_in(inner))), None)


def _check_environment(document: Document, problems: Problems) -> None:
    """A misspelt override would be ignored without a word, so the section that it names must exist."""
    for name in sorted(os.environ):
        section, nested, _ = name.upper().removeprefix(ENV_PREFIX).lower().partition("__")
        if name.upper().startswith(ENV_PREFIX) and nested and section not in WorkspaceFile.model_fields:
            said = unknown("section", section, WorkspaceFile.model_fields)
            problems.add(document, (), f"the environment variable {name} overrides nothing: {section} {said}")


def _tools(document: Document, given: Any, problems: Problems) -> dict[str, ToolSettings]:
    found: dict[str, ToolSettings] = {}
    for name, data in given.items() if isinstance(given, dict) else ():
        if not isinstance(data, dict):
            continue
        at: Loc = ("tools", name)
        if not _TOOL_NAME.fullmatch(name):
            problems.add(document, at, "is not a name for a tool; use small letters, digits, - and _")
        tool = _tool(document, name, at, data, problems)
        if tool is not None:
            found[name] = tool
    return found


def _tool(document: Document, name: str, at: Loc, data: dict[str, Any], problems: Problems) -> ToolSettings | None:
    common = _validated(ToolSection, document, data, at, problems)
    if common is None:
        return None
    types = tool_types()
    if common.type not in types:
        problems.add(document, (*at, "type"), f'"{common.type}" {unknown("type of tool", common.type, types)}')
        return None
    kind = types[common.type]
    own = {key: value for key, value in data.items() if key not in ToolSection.model_fields}
    options = _validated(kind.options, document, own, at, problems, ToolSection.model_fields)
    token = (common.token_file, common.token_env)
    needed = getattr(kind, "needs_token", True) and "oauth" not in own
    options, signs = signing_in(document, at, options, token, problems, needed=needed)
    hooked = (common.webhook_secret_file, common.webhook_secret_env)
    told, kept = webhook_secret(document, at, *hooked, problems)
    mapping = document.path.parent / common.mapping if common.mapping else None
    if mapping is not None and not mapping.is_file():
        problems.add(document, (*at, "mapping"), f"names a file that is not there: {mapping}")
    return ToolSettings(name, kind, options, signs, mapping, told, kept) if options is not None else None


def _email(document: Document, given: EmailSection | None, problems: Problems) -> EmailSettings | None:
    if given is None:
        return None
    password = None
    if given.user or given.password_file or given.password_env:
        password = secret(document, ("email",), "password", given.password_file, given.password_env, problems)
    if password and not given.user:
        problems.add(document, ("email", "user"), "is missing; a password needs a user")
    return EmailSettings(given.smtp, given.sender, given.to, given.user, password)


def _custom(document: Document, kind: Kind, given: Mapping[str, Any], problems: Problems) -> tuple[Field, ...]:
    taken = schema().of(kind)
    fields = []
    for name, entry in given.items():
        at: Loc = ("custom", kind.value, name)
        if name in taken:
            problems.add(document, at, f"is a field that every {kind} has already; choose another name")
        elif not _FIELD_NAME.fullmatch(name):
            problems.add(document, at, "is not a name for a field; use small letters, digits and _")
        if entry.choices and entry.type != FieldType.CHOICE:
            problems.add(document, (*at, "choices"), 'belongs to a field of type "choice" only')
        label = entry.label or name.replace("_", " ").capitalize()
        fields.append(Field(name, FieldType(entry.type), label, entry.choices, custom=True))
    return tuple(fields)


def _policy(
    document: Document, given: Mapping[str, Mapping[str, str]], fields: Schema, tools: set[str], problems: Problems
) -> dict[tuple[Kind, str], str]:
    rules: dict[tuple[Kind, str], str] = {}
    for kind in Kind:
        for name, rule in given[kind].items():
            at: Loc = ("policy", kind.value, name)
            word, _, tool = (part.strip() for part in rule.partition(":"))
            if name not in fields.of(kind):
                problems.add(document, at, unknown("field", name, fields.of(kind)))
            elif f"{word}:" == PREFER and tool in tools:
                rules[kind, name] = PREFER + tool
            elif f"{word}:" == PREFER and tool:
                problems.add(document, at, f'prefers "{tool}", which {unknown("tool", tool, tools)}')
            elif rule.strip() == HOLD:
                rules[kind, name] = HOLD
            else:
                names = ", ".join(sorted(tools))
                problems.add(document, at, f'must be "{HOLD}" or "{PREFER} <tool>", where the tool is one of {names}')
    return rules


def _state(path: Path, state: str) -> tuple[str, Path]:
    """The database's URL, and the folder for what lies beside it."""
    here = path.parent.resolve()
    if "://" in state:
        return state, here
    file = (here / state).resolve()
    return f"sqlite:///{file}", file.parent


def _unrepeated(audit: AuditSection) -> tuple[str, ...]:
    return tuple(dict.fromkeys(audit.stages))
