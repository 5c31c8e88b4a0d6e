"""A code from a telephone beside the password (TOTP, RFC 6238), and codes on paper for the day it is lost."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Final

import pyotp
import segno

from odopass.registry.employees.employees import Employee

if TYPE_CHECKING:
    from odopass.registry.store.database import Database

_STEP_S: Final = 30
#: Clocks may differ by one step.
_SLACK: Final = 1
_RECOVERY_CODES: Final = 10
_READABLE: Final = "abcdefghijkmnpqrstuvwxyz23456789"


def new_secret() -> str:
    """A secret for an authenticator, in base32."""
    return pyotp.random_base32()


def qr_code(employee: Employee, secret: str, issuer: str) -> str:
    """What an authenticator scans, as an SVG element."""
    address = pyotp.TOTP(secret).provisioning_uri(name=employee.username, issuer_name=issuer)
    drawn = BytesIO()
    segno.make(address, error="m").save(
        drawn, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=2, light="#fff"
    )
    return drawn.getvalue().decode()


def step_of(secret: str, code: str, *, now: datetime) -> int | None:
    """The time step whose code this is; None if it is no code of about now."""
    digits = "".join(code.split())
    totp = pyotp.TOTP(secret)
    step = int(now.timestamp()) // _STEP_S
    for near in range(step - _SLACK, step + _SLACK + 1):
        if hmac.compare_digest(totp.at(near * _STEP_S).encode(), digits.encode("utf-8", "replace")):
            return near
    return None


async def enrol(connection: Database, employee_id: int, secret: str, step: int) -> list[str]:
    """Ask for codes of this secret from now on.

    Returns:
        Recovery codes, to be shown once.
    """
    codes = ["-".join("".join(secrets.choice(_READABLE) for _ in range(4)) for _ in range(3)) for _ in range(10)]
    assert len(codes) == _RECOVERY_CODES  # noqa: S101 - told on the page
    await connection.execute(
        "update employee set totp_secret = $2, totp_step = $3, recovery_codes = $4, changed_at = now() where id = $1",
        employee_id,
        secret,
        step,
        [_digest(code) for code in codes],
    )
    return codes


async def remove(connection: Database, employee_id: int) -> None:
    """Ask for the password alone."""
    await connection.execute(
        "update employee set totp_secret = null, recovery_codes = '{}', changed_at = now() where id = $1", employee_id
    )


async def takes(connection: Database, employee_id: int, code: str, *, now: datetime) -> bool:
    """Whether a code is right, and was not used before: each works once, even of two tries at the same moment."""
    row = await connection.fetchrow("select totp_secret from employee where id = $1", employee_id)
    if row is None or row["totp_secret"] is None:
        return False
    step = step_of(row["totp_secret"], code, now=now)
    if step is not None:
        used = await connection.execute(
            "update employee set totp_step = $2 where id = $1 and totp_step < $2", employee_id, step
        )
        return used == "UPDATE 1"
    used = await connection.execute(
        "update employee set recovery_codes = array_remove(recovery_codes, $2) "
        "where id = $1 and $2 = any(recovery_codes)",
        employee_id,
        _digest(code),
    )
    return used == "UPDATE 1"


def _digest(code: str) -> str:
    # 60 random bits each: nothing that a slow hash would have to protect.
    bare = "".join(code.lower().split()).replace("-", "")
    return hashlib.sha256(bare.encode("utf-8", "replace")).hexdigest()
