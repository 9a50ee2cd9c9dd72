"""The local mail sink: what arrives lies in the folder, whole and under a telling name."""

from __future__ import annotations

import os
import signal
import smtplib
import socket
import subprocess
import sys
from email.message import EmailMessage
from pathlib import Path

import pytest

from jobs.email import SmtpSettings, send
from jobs.mailbox import Mailbox, serve
from sync.errors import ConfigError

ROOT = Path(__file__).parents[2]


def mail(subject: str = "Acme email: 2 conflicts", html: str | None = "<p>Grüße</p>") -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = "sync@acme.example"
    message["To"] = "ann@acme.example"
    message.set_content("Hello\n")
    if html is not None:
        message.add_alternative(html, subtype="html")
    return message


def test_each_mail_becomes_a_file_and_a_page(tmp_path: Path) -> None:
    with Mailbox(tmp_path / "mails") as box:
        send(mail(), SmtpSettings(box.url))
        send(mail("Second", html=None), SmtpSettings(box.url))

    assert sorted(path.name for path in box.folder.iterdir()) == [
        "0001-acme-email-2-conflicts.eml",
        "0001-acme-email-2-conflicts.html",
        "0002-second.eml",
    ]
    assert (box.folder / "0001-acme-email-2-conflicts.html").read_text(encoding="utf-8").strip() == "<p>Grüße</p>"
    assert [str(m["Subject"]) for m in box.messages()] == ["Acme email: 2 conflicts", "Second"]


def test_numbers_go_on_after_a_restart(tmp_path: Path) -> None:
    for _ in range(2):
        with Mailbox(tmp_path) as box:
            send(mail(), SmtpSettings(box.url))

    assert [path.name[:4] for path in box.files] == ["0001", "0002"]


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        ("../../etc/passwd", "0001-etc-passwd.eml"),
        ("Über 20 % für alle", "0001-uber-20-fur-alle.eml"),
        ("\u05e2\u05d3\u05db\u05d5\u05df", "0001-mail.eml"),
        ("word " * 40, "0001-word-word-word-word-word-word-word-word-word-word.eml"),
    ],
)
def test_a_subject_makes_a_harmless_file_name(tmp_path: Path, subject: str, name: str) -> None:
    with Mailbox(tmp_path) as box:
        send(mail(subject), SmtpSettings(box.url))

    assert [path.name for path in box.files] == [name]


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe no headers", b"Content-Type: text/html; charset=nonsense\r\n\r\n<p>x"])
def test_a_broken_mail_is_kept_too(tmp_path: Path, raw: bytes) -> None:
    with Mailbox(tmp_path) as box, smtplib.SMTP("127.0.0.1", box.port) as client:
        client.sendmail("sync@acme.example", ["ann@acme.example"], raw)

    assert len(box.files) == 1


def test_a_folder_that_cannot_be_written_refuses_the_mail_for_now(tmp_path: Path) -> None:
    with Mailbox(tmp_path / "mails") as box:
        box.folder.rmdir()
        box.folder.write_text("in the way")
        with smtplib.SMTP("127.0.0.1", box.port) as client, pytest.raises(smtplib.SMTPDataError) as caught:
            client.send_message(mail())

    assert caught.value.smtp_code == 452


def test_a_taken_port_is_explained(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"cannot listen on 127\.0\.0\.1:{port}: another program uses this port"):
            serve("127.0.0.1", port, tmp_path)


def test_other_places_it_cannot_listen_on_are_explained(tmp_path: Path) -> None:
    for host, port in (("127.0.0.1", 70000), ("192.0.2.1", 0), ("no such host", 0)):
        with pytest.raises(ConfigError, match="cannot listen on"):
            serve(host, port, tmp_path)


def test_a_folder_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ConfigError, match="Cannot make the mail folder"), Mailbox(tmp_path / "file" / "mails"):
        pass


def test_the_port_is_free_again_afterwards(tmp_path: Path) -> None:
    with Mailbox(tmp_path) as box:
        send(mail(), SmtpSettings(box.url))
    with Mailbox(tmp_path, port=box.port) as again:
        assert again.port == box.port


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_the_command_runs_until_it_is_told_to_stop(tmp_path: Path, ending: signal.Signals) -> None:
    code = (
        "import sys; from pathlib import Path; from jobs.mailbox import serve; serve('127.0.0.1', 0, Path(sys.argv[1]))"
    )
    with subprocess.Popen(
        [sys.executable, "-u", "-c", code, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        where = process.stdout.readline().removeprefix("Mail sink on ").split(";")[0]
        send(mail(), SmtpSettings(where))
        told = process.stdout.readline()
        process.send_signal(ending)
        assert process.wait(timeout=20) == 0
        assert process.stderr.read() == ""

    assert told == f"Mail: {tmp_path / '0001-acme-email-2-conflicts.eml'}\n"
