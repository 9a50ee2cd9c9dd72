"""What a type of tool offers about webhooks: believing those that it sends, and managing those that it keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from sync.model import Ref

if TYPE_CHECKING:  # it costs start-up time
    from connectors.webhooks import Registered


class Webhook(Protocol):
    """What a tool tells us by itself: the check of who sent a delivery, and the records that it hints at."""

    def is_signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether whoever sent these bytes knows the webhook's secret. `headers` ignores the case of a name."""

    def identifier(self, headers: Mapping[str, str]) -> str | None:
        """What the repetitions of one delivery have in common, if the tool says."""

    def refs(self, body: bytes) -> Sequence[Ref]:
        """The records to look at; none where a run finds them by itself. Raises ValueError for an unreadable body."""


class WebhookRegistry(Protocol):
    """The webhooks that a tool keeps, as we may manage them. Every failure is a SyncError; `connectors.webhooks.Unable`
    where only a person can do it."""

    @property
    def makes_secret(self) -> bool:
        """Whether the tool makes up each webhook's secret, and tells it once; else we do."""

    def registered(self) -> Sequence[Registered]:
        """All of them, those of others too."""

    def create(self, url: str, secret: str | None) -> str | None:
        """Make one that tells this address; the secret where the tool makes it."""

    def renew(self, one: Registered, secret: str | None) -> None:
        """Bring one up to date, and let it live on. Rejected or Stale where it cannot live on."""

    def remove(self, one: Registered) -> None:
        """Take one away."""

    def by_hand(self, url: str) -> str:
        """What a person does where we are not able to."""

    def close(self) -> None:
        """Give back sockets."""
