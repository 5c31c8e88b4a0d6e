"""Sending a mail through the server that the setup names."""

from __future__ import annotations

import asyncio
import re
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Final

import structlog

from odopass.registry.desk.setup import MailSetup

_log = structlog.get_logger(__name__)

_TIMEOUT_S: Final = 20
_ADDRESS: Final = re.compile(r"[^\s@<>,;:\"\\]+@[^\s@<>,;:\"\\]+\.[^\s@<>,;:\"\\]+")


class MailFailed(Exception):  # noqa: N818 - it names what happened
    """The server did not take the mail; the message says why."""


def can_be_address(text: str) -> bool:
    """Whether a mail can be sent there."""
    return len(text) <= 254 and _ADDRESS.fullmatch(text) is not None  # noqa: PLR2004 - RFC 5321


async def send_mail(setup: MailSetup, *, to: str, subject: str, text: str, language: str) -> None:
    """Hand a mail to the server; it is sent once that has taken it.

    Raises:
        MailFailed: it was not taken.
    """
    message = EmailMessage()
    message["From"] = setup.sender
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = formatdate(localtime=False)
    message["Message-ID"] = make_msgid(domain=setup.sender.rpartition("@")[2].strip("> ") or None)
    message["Content-Language"] = language
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    try:
        await asyncio.to_thread(_send, setup, message)
    except (smtplib.SMTPException, OSError) as error:
        _log.error("mail not sent", server=setup.host, error=type(error).__name__)
        raise MailFailed(str(error) or type(error).__name__) from error


def _send(setup: MailSetup, message: EmailMessage) -> None:
    context = ssl.create_default_context()
    if setup.security == "tls":
        opened: smtplib.SMTP = smtplib.SMTP_SSL(setup.host, setup.port, timeout=_TIMEOUT_S, context=context)
    else:
        opened = smtplib.SMTP(setup.host, setup.port, timeout=_TIMEOUT_S)
    with opened as server:
        if setup.security == "starttls":
            server.starttls(context=context)
        if setup.username:
            server.login(setup.username, setup.password)
        server.send_message(message)
