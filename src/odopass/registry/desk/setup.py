"""The TOML file that sets the desk up: how long sessions last, OpenID Connect, mail, letters."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from odopass.registry.employees.employees import Role
from odopass.registry.employees.openid import OpenIdSetup
from odopass.registry.employees.sessions import Limits
from odopass.registry.postgres import ExplainedError

_Text = Annotated[str, Field(min_length=1, max_length=300)]
_DO: Final = "Correct the file; docs/how-to/run-the-desk.md shows one with everything in it."


@dataclass(frozen=True, slots=True)
class MailSetup:
    """The server that takes mail, and what it is sent as.

    Attributes:
        host: of the server.
        port: of the server.
        security: ``starttls``, ``tls`` from the first byte, or ``none`` for a server on this machine.
        sender: the address it comes from.
        username: for servers that ask for one; "" for none.
        password: that goes with it.
    """

    host: str
    port: int
    security: str
    sender: str
    username: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class DeskSetup:
    """How the desk is set up.

    Attributes:
        registry: the name of the registry, for titles, letters and authenticators.
        address: lines of its postal address, for letters.
        limits: how long sessions last.
        openid: the provider, if there is one.
        mail: the server for mails, if there is one.
    """

    registry: str = "odopass"
    address: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    openid: OpenIdSetup | None = None
    mail: MailSetup | None = None


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Sessions(_Strict):
    idle_minutes: Annotated[int, Field(ge=1, le=24 * 60)] = 30
    longest_hours: Annotated[int, Field(ge=1, le=24)] = 10


class _OpenId(_Strict):
    issuer: _Text
    client_id: _Text
    client_secret_file: _Text
    name: _Text = "OpenID Connect"
    roles_claim: _Text = "groups"
    roles: dict[str, Role]


class _Mail(_Strict):
    host: _Text
    port: Annotated[int, Field(ge=1, le=65_535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    sender: _Text
    username: str = ""
    password_file: str = ""


class _File(_Strict):
    registry: _Text = "odopass"
    address: list[_Text] = []
    sessions: _Sessions = _Sessions()
    openid: _OpenId | None = None
    mail: _Mail | None = None


def read_desk_setup(path: Path | None) -> DeskSetup:
    """Read the file; secrets stand in files of their own, named relative to it.

    Args:
        path: None for a desk with passwords only, and no mail.

    Raises:
        ExplainedError: it cannot be read, or something in it is wrong.
    """
    if path is None:
        return DeskSetup()
    try:
        read = _File.model_validate(tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        raise ExplainedError(f"The desk's setup {path} cannot be read.", f"{error.strerror or error}.", _DO) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ExplainedError(f"The desk's setup {path} is no TOML.", f"{error}.", _DO) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ExplainedError(f"The desk's setup {path} is wrong.", f"{where}: {first['msg']}.", _DO) from error
    openid, mail = read.openid, read.mail
    return DeskSetup(
        registry=read.registry,
        address=tuple(read.address),
        limits=Limits(timedelta(minutes=read.sessions.idle_minutes), timedelta(hours=read.sessions.longest_hours)),
        openid=None
        if openid is None
        else OpenIdSetup(
            issuer=openid.issuer,
            client_id=openid.client_id,
            client_secret=_secret(path, openid.client_secret_file),
            name=openid.name,
            roles_claim=openid.roles_claim,
            roles=openid.roles,
        ),
        mail=None
        if mail is None
        else MailSetup(
            host=mail.host,
            port=mail.port,
            security=mail.security,
            sender=mail.sender,
            username=mail.username,
            password=_secret(path, mail.password_file) if mail.password_file else "",
        ),
    )


def _secret(setup: Path, name: str) -> str:
    file = setup.parent / name
    try:
        return file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ExplainedError(f"The secret in {file} cannot be read.", f"{error}.", _DO) from error
