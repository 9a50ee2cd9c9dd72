"""Making, showing and taking away the tools' webhooks: one for each tool at one address, and its secret in its file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from connectors.webhooks import PATH, Registered, Unable, unanswered
from jobs.settings import Settings, ToolSettings
from jobs.tools_oauth import local
from jobs.tools_webhooks import WebhookRegistry
from jobs.webhooks_secrets import by_hand, forget, keep, made_up, missing
from sync.errors import ConfigError, Rejected, Stale, SyncError


class State(StrEnum):
    """What became of a tool's webhook."""

    MADE = "made"
    KEPT = "kept"
    REMOVED = "removed"
    NONE = "none"
    LISTED = "listed"
    LEFT_OUT = "left out"
    BY_HAND = "by hand"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one tool: `text` says it, `notes` what else to know. `webhooks` are those it is about."""

    tool: str
    state: State
    text: str
    notes: tuple[str, ...] = ()
    webhooks: tuple[Registered, ...] = field(default=())

    @property
    def failed(self) -> bool:
        return self.state in (State.BY_HAND, State.FAILED)


def base_of(url: str) -> str:
    """The receiver's address without the path that the tools' names follow. ConfigError for what is no usable one."""
    given = url.strip().rstrip("/").removesuffix(PATH.rstrip("/"))
    try:
        parts = urlsplit(given)
        fine = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0 and given.isascii()
    except ValueError:
        fine = False
    if not fine or not given.isprintable() or " " in given:
        raise ConfigError("--url must be the receiver's public address, such as https://sync.acme.example")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigError("--url must be the plain address, without user, password, ? or #.")
    if PATH in f"{parts.path}/":
        raise ConfigError(f"--url is the part before {PATH}; the tool's name is added to it.")
    if parts.scheme == "http" and not local(parts.hostname):
        raise ConfigError(
            "--url must begin with https://: tools tell nobody who cannot prove who they are. Put a reverse proxy with "
            "a certificate before the receiver (docs/webhooks.md)."
        )
    return given


def register(settings: Settings, names: Sequence[str], base: str) -> Iterator[Outcome]:
    """One webhook for each of these tools at `base`, however often this is called."""

    def work(tool: ToolSettings, registry: WebhookRegistry) -> Outcome:
        return _registered(tool, registry, f"{base}{PATH}{tool.name}")

    for name in names:
        yield _done(settings.tools[name], work, f"{base}{PATH}{name}")


def look(settings: Settings, names: Sequence[str]) -> Iterator[Outcome]:
    """All webhooks that these tools keep, ours and others'."""

    def work(tool: ToolSettings, registry: WebhookRegistry) -> Outcome:
        found = tuple(registry.registered())
        return Outcome(tool.name, State.LISTED if found else State.NONE, "keeps no webhook", webhooks=found)

    for name in names:
        yield _done(settings.tools[name], work)


def remove(settings: Settings, names: Sequence[str], base: str | None) -> Iterator[Outcome]:
    """Take ours away: those at `base`, or all if they are at one address."""

    def work(tool: ToolSettings, registry: WebhookRegistry) -> Outcome:
        ours = [one for one in registry.registered() if one.ours and one.url]
        wanted = [one for one in ours if base is None or one.url == f"{base}{PATH}{tool.name}"]
        places = sorted({str(one.url) for one in wanted})
        if len(places) > 1:
            raise ConfigError(f"{tool.name} tells several addresses: {', '.join(places)}. Say which by --url.")
        for one in wanted:
            registry.remove(one)
        if not wanted:
            return Outcome(tool.name, State.NONE, "keeps no webhook of ours" + (f" at {base}" if base else ""))
        return Outcome(tool.name, State.REMOVED, f"tells {places[0]} no more", webhooks=tuple(wanted))

    for name in names:
        yield _done(settings.tools[name], work)


def _done(
    tool: ToolSettings, work: Callable[[ToolSettings, WebhookRegistry], Outcome], url: str | None = None
) -> Outcome:
    """What came of the work, failures too. `url`: where a webhook was to be made."""
    make = getattr(tool.type, "webhook_registry", None)
    if make is None:
        how = "is set up by hand (docs/webhooks.md)" if hasattr(tool.type, "webhook") else "has none that we know"
        return Outcome(tool.name, State.LEFT_OUT, f"{how}; it is synced on the schedule")
    try:
        with _open(make, tool) as registry:
            try:
                return work(tool, registry)
            except Unable as exc:
                notes = (registry.by_hand(url), by_hand(tool, makes_secret=registry.makes_secret)) if url else ()
                return Outcome(tool.name, State.BY_HAND, str(exc), tuple(filter(None, notes)))
    except SyncError as exc:
        return Outcome(tool.name, State.FAILED, str(exc))


@contextmanager
def _open(make: Callable[..., WebhookRegistry], tool: ToolSettings) -> Iterator[WebhookRegistry]:
    registry = make(tool.name, tool.options, tool.token)
    try:
        yield registry
    finally:
        with suppress(SyncError):
            registry.close()


def _registered(tool: ToolSettings, registry: WebhookRegistry, url: str) -> Outcome:
    refused = missing(tool, makes_secret=registry.makes_secret)
    if refused:
        return Outcome(tool.name, State.LEFT_OUT, refused)
    found = registry.registered()
    here = [one for one in found if one.url == url]
    secret = tool.webhook_secret.get_secret_value() if tool.webhook_secret else None
    known = secret is not None
    if not registry.makes_secret and secret is None:
        # Kept before the tool hears of it: after a crash in between, the next call goes on with this one.
        secret = made_up(tool)
    try:
        kept = bool(here) and secret is not None and _renewed(registry, here[0], secret)
        for one in here[1:] if kept else here:
            registry.remove(one)
        if not kept:
            _made(tool, registry, url, secret)
    except SyncError as exc:
        raise _without(exc, secret) from None
    others = [one for one in found if one.ours and one.url and one.url != url]
    notes = [f"Another webhook of ours tells {one.url}; take it away: campaign-sync webhooks remove --url "
             f"{str(one.url).removesuffix(f'{PATH}{tool.name}')}" for one in others]  # fmt: skip
    if not kept or not known:
        notes.append("Its secret is new: start the worker anew.")
    if (why := unanswered(url)) is not None:
        notes.append(f"Nobody answers at {url} from here ({why}). Check it if the tool cannot reach it either.")
    said = "tells" if kept else "tells now"
    return Outcome(tool.name, State.KEPT if kept else State.MADE, f"{said} {url}", tuple(notes), _now(registry, url))


def _renewed(registry: WebhookRegistry, one: Registered, secret: str) -> bool:
    """Whether the webhook that is there lives on."""
    try:
        registry.renew(one, secret)
    except (Rejected, Stale):
        return False
    return True


def _made(tool: ToolSettings, registry: WebhookRegistry, url: str, secret: str | None) -> None:
    if not registry.makes_secret:
        registry.create(url, secret)
        return
    forget(tool)  # it belongs to a webhook that is gone; and a crash before the new one is kept will show
    told = registry.create(url, None)
    try:
        keep(tool, str(told))
    except ConfigError:
        for one in registry.registered():
            if one.url == url:
                registry.remove(one)
        raise


def _now(registry: WebhookRegistry, url: str) -> tuple[Registered, ...]:
    """As the tool shows it afterwards, with its end; nothing where that fails."""
    with suppress(SyncError):
        return tuple(one for one in registry.registered() if one.url == url)
    return ()


def _without(error: SyncError, secret: str | None) -> SyncError:
    """The same failure, if the tool quoted the secret back without it."""
    if secret is None or secret not in str(error):
        return error
    return type(error)(str(error).replace(secret, "[hidden]"))


def outcome_json(outcome: Outcome) -> Mapping[str, object]:
    """An outcome for programs; no secret is known to it."""
    return {
        "state": outcome.state.value,
        "text": outcome.text,
        "notes": list(outcome.notes),
        "webhooks": [
            {
                "id": one.id,
                "name": one.name,
                "url": one.url,
                "ours": one.ours,
                "active": one.active,
                "expires": one.expires.isoformat() if one.expires else None,
                "last_error": one.trouble,
            }
            for one in outcome.webhooks
        ],
    }
