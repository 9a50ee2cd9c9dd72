"""Airtable's notifications: whether one is the base's own. It names no record (reference airtable §5.2)."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from sync.model import Ref

SIGNATURE: Final = "X-Airtable-Content-MAC"
METHOD: Final = "hmac-sha256"


class AirtableWebhook:
    """A webhook with a notification URL. `secret` is the `macSecretBase64` that its creation gave.

    Raises ValueError, without the secret, if it cannot be one.
    """

    def __init__(self, *, secret: str) -> None:
        try:
            self._secret = base64.b64decode(secret, validate=True)
        except ValueError:
            self._secret = b""
        if not self._secret:
            raise ValueError("is no macSecretBase64 of an Airtable webhook, which is text in Base64")

    def is_signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether whoever sent these bytes knows the secret."""
        method, _, given = headers.get(SIGNATURE, "").partition("=")
        mac = hmac.new(self._secret, body, sha256).hexdigest()
        return method == METHOD and hmac.compare_digest(mac.encode(), given.encode())

    def identifier(self, _headers: Mapping[str, str]) -> str | None:
        """None: notifications have none, and one may stand for many changes."""
        return None

    def refs(self, body: bytes) -> tuple[Ref, ...]:
        """None: a run reads the base's log of changes. Raises ValueError for what is no JSON object."""
        try:
            told = json.loads(body)
        except (ValueError, RecursionError):
            raise ValueError("no JSON") from None
        if not isinstance(told, dict):
            raise ValueError("no JSON object")  # noqa: TRY004 - the one thing that a caller has to expect
        return ()
