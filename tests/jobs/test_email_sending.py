"""Handing the report to a mail server: each way in, and one clear sentence for each way it can fail."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from jobs.email import SmtpSettings, send
from sync.errors import ConfigError, Rejected, Unavailable
from tests.jobs.mail_server import MailServer, client_tls, password_is, server_tls

SECRET = "correct horse"


def mail(*to: str) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = "Acme email: 2 conflicts"
    message["From"] = "Campaign sync <sync@acme.example>"
    message["To"] = ", ".join(to or ("ann@acme.example",))
    message.set_content("Hello\n")
    return message


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def test_a_mail_arrives() -> None:
    with MailServer() as server:
        send(mail("ann@acme.example", "ben@acme.example"), SmtpSettings(f"smtp://127.0.0.1:{server.port}"))

    [arrived] = server.mails
    assert arrived.mail_from == "sync@acme.example"
    assert arrived.rcpt_tos == ["ann@acme.example", "ben@acme.example"]


def test_a_mail_arrives_over_tls() -> None:
    with MailServer(ssl_context=server_tls()) as server:
        send(mail(), SmtpSettings(f"smtps://localhost:{server.port}"), context=client_tls())

    assert len(server.mails) == 1


def test_a_mail_arrives_over_starttls_with_a_password() -> None:
    with MailServer(
        tls_context=server_tls(), require_starttls=True, auth_required=True, authenticator=password_is(SECRET.encode())
    ) as server:
        settings = SmtpSettings(f"smtp+starttls://localhost:{server.port}", "sync", SECRET)
        send(mail(), settings, context=client_tls())

    assert server.secure
    assert len(server.mails) == 1


def test_a_wrong_password_is_for_a_person_to_correct() -> None:
    with (
        MailServer(authenticator=password_is(b"another", f"535 not {SECRET}"), auth_require_tls=False) as server,
        pytest.raises(ConfigError, match="did not accept the user name and password") as caught,
    ):
        send(mail(), SmtpSettings(f"smtp://127.0.0.1:{server.port}", "sync", SECRET))

    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("reply", "error"), [("451 4.3.0 later", Unavailable), ("554 5.7.1 looks like spam", ConfigError)]
)
def test_the_servers_reply_tells_a_later_attempt_from_a_refusal(reply: str, error: type[Exception]) -> None:
    with MailServer(data=reply) as server, pytest.raises(error, match=reply.split(" ", 2)[2]):
        send(mail(), SmtpSettings(f"smtp://127.0.0.1:{server.port}"))


def test_a_reply_that_repeats_the_password_is_not_passed_on() -> None:
    with (
        MailServer(
            data=f"554 no {SECRET}", authenticator=password_is(SECRET.encode()), auth_require_tls=False
        ) as server,
        pytest.raises(ConfigError) as caught,
    ):
        send(mail(), SmtpSettings(f"smtp://127.0.0.1:{server.port}", "sync", SECRET))

    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(("reply", "error"), [("450 busy", Unavailable), ("550 nobody here", ConfigError)])
def test_a_refused_reader_is_named(reply: str, error: type[Exception]) -> None:
    with (
        MailServer(refused={"ann@acme.example": reply}) as server,
        pytest.raises(error, match=r"refused every recipient: ann@acme\.example"),
    ):
        send(mail(), SmtpSettings(f"smtp://127.0.0.1:{server.port}"))


def test_a_mail_that_only_some_readers_get_is_told() -> None:
    with (
        MailServer(refused={"gone@acme.example": "550 nobody here"}) as server,
        pytest.raises(Rejected, match=r"went out, but the mail server refused gone@acme\.example"),
    ):
        send(mail("ann@acme.example", "gone@acme.example"), SmtpSettings(f"smtp://127.0.0.1:{server.port}"))

    assert [m.rcpt_tos for m in server.mails] == [["ann@acme.example"]]


def test_a_server_that_is_down_will_be_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    with pytest.raises(Unavailable, match=f"127.0.0.1:{port} does not answer: Connection refused\\."):
        send(mail(), SmtpSettings(f"smtp://127.0.0.1:{port}"))


def test_a_silent_server_does_not_hang_the_run(silent: int) -> None:
    with pytest.raises(Unavailable, match=r"does not answer: .*timed out"):
        send(mail(), SmtpSettings(f"smtp://127.0.0.1:{silent}"), timeout=0.05)


def test_a_certificate_that_nobody_vouches_for_is_refused() -> None:
    with (
        MailServer(ssl_context=server_tls()) as server,
        pytest.raises(ConfigError, match="certificate that cannot be trusted"),
    ):
        send(mail(), SmtpSettings(f"smtps://localhost:{server.port}"), context=ssl.create_default_context())

    assert server.mails == []


def test_a_server_without_tls_gets_neither_mail_nor_password() -> None:
    with MailServer(authenticator=password_is(SECRET.encode()), auth_require_tls=False) as server:
        with pytest.raises(ConfigError, match="does not speak TLS there"):
            send(mail(), SmtpSettings(f"smtps://localhost:{server.port}", "sync", SECRET))
        with pytest.raises(ConfigError, match=r"lacks what \[email\] asks for: STARTTLS"):
            send(mail(), SmtpSettings(f"smtp+starttls://localhost:{server.port}", "sync", SECRET))

    assert server.mails == []


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (SmtpSettings("mail.acme.example:25"), "must look like"),
        (SmtpSettings("http://mail.acme.example"), "must look like"),
        (SmtpSettings("smtp://mail.acme.example:99999"), "must look like"),
        (SmtpSettings("smtp://"), "must look like"),
        (SmtpSettings(f"smtp://sync:{SECRET}@mail.acme.example"), "go into user and password_file"),
        (SmtpSettings("smtps://mail.acme.example", "sync"), "both user and password_file"),
        (SmtpSettings("smtps://mail.acme.example", None, SECRET), "both user and password_file"),
        (SmtpSettings("smtp://mail.acme.example", "sync", SECRET), "in clear text"),
    ],
)
def test_settings_that_cannot_work_are_explained(settings: SmtpSettings, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        send(mail(), settings)

    assert SECRET not in str(caught.value)


def test_settings_do_not_show_the_password() -> None:
    assert SECRET not in repr(SmtpSettings("smtps://mail.acme.example", "sync", SECRET))
