"""Jira's webhooks: whether a delivery is the site's own, and which issue it is about (reference jira §7)."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from typing import Any, Final

from connectors.answers import part, word
from sync.model import Kind, Ref

SIGNATURE: Final = "X-Hub-Signature"
IDENTIFIER: Final = "X-Atlassian-Webhook-Identifier"
METHODS: Final = frozenset({"sha256", "sha384", "sha512"})  # Jira says which one it took; weaker ones count as none


class JiraWebhook:
    """The webhook that an administrator has made, with its secret. `project` and the types are the connector's.

    What the dynamic webhooks of OAuth apps are sent with (a JWT) is not understood.
    """

    def __init__(
        self, tool: str, *, secret: str, project: str, campaign_type: str = "Epic", stage_type: str = "Task"
    ) -> None:
        self._tool, self._secret, self._project = tool, secret.encode(), project.casefold()
        self._kinds = {stage_type.casefold(): Kind.STAGE, campaign_type.casefold(): Kind.CAMPAIGN}

    def is_signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether whoever sent these bytes knows the secret."""
        method, _, given = headers.get(SIGNATURE, "").partition("=")
        if method not in METHODS:
            return False
        return hmac.compare_digest(hmac.new(self._secret, body, method).hexdigest().encode(), given.encode())

    def identifier(self, headers: Mapping[str, str]) -> str | None:
        """What the repetitions of one delivery have in common."""
        return headers.get(IDENTIFIER) or None

    def refs(self, body: bytes) -> tuple[Ref, ...]:
        """The issue, if it is one of our project and types, deleted ones too; nothing else is taken from the body.

        None where that is not told: comments may come without fields, and a webhook may leave out the body. Raises
        ValueError for what is no JSON object.
        """
        if not body:
            return ()
        try:
            told = json.loads(body)
        except (ValueError, RecursionError):
            raise ValueError("no JSON") from None
        if not isinstance(told, dict):
            raise ValueError("no JSON object")  # noqa: TRY004 - the one thing that a caller has to expect
        try:
            found = self._ref(part(told, "issue"))
        except (LookupError, TypeError):
            return ()
        return (found,) if found else ()

    def _ref(self, issue: Mapping[str, Any]) -> Ref | None:
        native, fields = word(issue, "id"), part(issue, "fields")
        kind = self._kinds.get(word(part(fields, "issuetype"), "name").casefold())
        key = word(part(fields, "project"), "key")
        # An issue of somebody else's project must not come in as a campaign of ours.
        if kind is None or key.casefold() != self._project or not (native.isascii() and native.isdigit()):
            return None
        return Ref(self._tool, kind, native)
