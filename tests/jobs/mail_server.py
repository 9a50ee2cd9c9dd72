"""A mail server for tests that asks for TLS or a password, refuses, or fails, as its settings say."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

CERTIFICATE = Path(__file__).with_name("localhost.pem")


def server_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


def client_tls() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(CERTIFICATE))


class MailServer(Controller):
    """`with MailServer(data="451 later") as server`: `server.mails` holds what it accepted."""

    def __init__(self, *, data: str = "250 fine", refused: dict[str, str] | None = None, **how: Any) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        super().__init__(self, hostname="127.0.0.1", port=self._socket.getsockname()[1], **how)
        self.mails: list[Envelope] = []
        self.secure = False
        self._data = data
        self._refused = refused or {}

    def _create_server(self) -> Awaitable[asyncio.AbstractServer]:
        return self.loop.create_server(self._factory_invoker, sock=self._socket, ssl=self.ssl_context)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def handle_RCPT(  # noqa: N802 - the name aiosmtpd looks for
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self._refused:
            return self._refused[address]
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self._data.startswith("250"):
            self.mails.append(envelope)
            self.secure = session.ssl is not None or self.ssl_context is not None
        return self._data


def password_is(expected: bytes, refusal: str | None = None) -> Any:
    """An authenticator that takes one password."""

    def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
        right = isinstance(data, LoginPassword) and data.password == expected
        return AuthResult(success=right, handled=False, message=None if right else refusal)

    return check
