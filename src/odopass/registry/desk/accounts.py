"""The accounts of garages, for administrators."""

from __future__ import annotations

from collections import defaultdict
from math import ceil
from typing import Final
from urllib.parse import urlencode

from starlette.responses import Response

from odopass.clock import BRUSSELS
from odopass.registry.accounts import accounts
from odopass.registry.accounts.accounts import Account, AccountError, AccountExists, AccountState, NoSuchAccount
from odopass.registry.accounts.activation import make_code
from odopass.registry.desk.mail import MailFailed, can_be_address, send_mail
from odopass.registry.desk.visit import ADMINISTRATORS, BASE, Visit, page
from odopass.registry.review import quality
from odopass.registry.review.lookup import PAGE_OF_GARAGES, find_garages
from odopass.registry.review.trail import log_administration

_MOST_PAGES: Final = 10_000
_CODE: Final = "select sent_by, made_at, valid_until from account_code where account_id = $1"


async def show_list(visit: Visit) -> Response:
    """The garages, or those that a text names."""
    return await _list(visit)


async def add(visit: Visit) -> Response:
    """Give an establishment an account without a password; a code activates it."""
    try:
        async with visit.office.pool.acquire() as connection, connection.transaction():
            added = await accounts.add(
                connection,
                establishment=_digits(visit.field("establishment")),
                enterprise=_digits(visit.field("enterprise")),
                name=visit.field("name"),
                password=None,
            )
            await _log(visit, connection, "garage added", added)
    except AccountExists:
        return await _list(visit, visit.say("This establishment has an account already: look it up."), status=409)
    except AccountError:
        problem = visit.say("Not saved: give a name, and two numbers of 10 digits as the KBO has them.")
        return await _list(visit, problem, status=422)
    return visit.go(f"/accounts/{added.establishment}")


async def show(visit: Visit) -> Response:
    """One garage."""
    return await _page(visit)


async def make_letter(visit: Visit) -> Response:
    """A letter with a new code, to be printed: it is shown only now."""
    account = await _account(visit)
    if account is None:
        return visit.page("missing.html", status=404)
    now = visit.office.clock.now()
    async with visit.office.pool.acquire() as connection, connection.transaction():
        code, until = await make_code(connection, account.id, employee_id=visit.employee.id, sent_by="letter", now=now)
        await _log(visit, connection, "code by letter", account)
    return visit.page(
        "letter.html",
        account=account,
        code=code.reveal(),
        until=until.astimezone(BRUSSELS).date(),
        today=now.astimezone(BRUSSELS).date(),
        address=_activation_address(visit),
    )


async def send_code(visit: Visit) -> Response:
    """A mail with a new code; if the server does not take it, the old code still works."""
    account, mail, to = await _account(visit), visit.office.setup.mail, visit.field("address")
    if account is None or mail is None:
        return visit.page("missing.html", status=404)
    if not can_be_address(to):
        return await _page(visit, visit.say("That is no mail address."), status=422)
    say = visit.say
    try:
        async with visit.office.pool.acquire() as connection, connection.transaction():
            code, until = await make_code(
                connection, account.id, employee_id=visit.employee.id, sent_by="mail", now=visit.office.clock.now()
            )
            await _log(visit, connection, "code by mail", account)
            await send_mail(
                mail,
                to=to,
                subject=say("Your access to {registry}", registry=visit.office.setup.registry),
                text=say(
                    "With this code {name} (establishment {establishment}) chooses the password with which it reports "
                    "odometer readings.\n\nCode: {code}\nOpen: {address}\nValid until: {until}\n\nIf you did not ask "
                    "for it, call the registry.\n",
                    name=account.name,
                    establishment=account.establishment,
                    code=code.reveal(),
                    address=_activation_address(visit),
                    until=say.day(until.astimezone(BRUSSELS).date()),
                ),
                language=say.language,
            )
    except MailFailed as failed:
        problem = say("The mail server did not take it: {why}. Nothing was changed.", why=str(failed))
        return await _page(visit, problem, status=502)
    return visit.go(f"/accounts/{account.establishment}", "mailed")


async def lock(visit: Visit) -> Response:
    """Lock a garage's account, or let it log in again."""
    account = await _account(visit)
    if account is None:
        return visit.page("missing.html", status=404)
    locks = account.state is AccountState.ACTIVE
    async with visit.office.pool.acquire() as connection, connection.transaction():
        change = accounts.lock if locks else accounts.unlock
        await change(connection, account.establishment)
        await _log(visit, connection, "garage locked" if locks else "garage unlocked", account)
    return visit.go(f"/accounts/{account.establishment}", "locked" if locks else "unlocked")


async def rename(visit: Visit) -> Response:
    """Change what employees call a garage."""
    account = await _account(visit)
    if account is None:
        return visit.page("missing.html", status=404)
    try:
        async with visit.office.pool.acquire() as connection, connection.transaction():
            await accounts.rename(connection, account.establishment, name=visit.field("name"))
            await _log(visit, connection, "garage renamed", account)
    except AccountError:
        return await _page(visit, visit.say("Give the garage a name of 1 to 200 characters."), status=422)
    return visit.go(f"/accounts/{account.establishment}", "renamed")


async def _log(visit: Visit, connection: object, what: str, account: Account) -> None:
    await log_administration(
        connection,  # type: ignore[arg-type]
        visit.employee.id,
        what,
        account.establishment,
        now=visit.office.clock.now(),
    )


async def _account(visit: Visit) -> Account | None:
    async with visit.office.pool.acquire() as connection:
        try:
            return await accounts.find(connection, visit.part("establishment"))
        except NoSuchAccount:
            return None


async def _list(visit: Visit, problem: str = "", *, status: int = 200) -> Response:
    text, asked = visit.asked("text"), visit.asked("number")
    number = min(max(1, int(asked)), _MOST_PAGES) if asked.isascii() and asked.isdecimal() and len(asked) < 6 else 1  # noqa: PLR2004
    found, total = await find_garages(visit.office.pool, text, page=number)
    return visit.page(
        "accounts.html",
        status=status,
        found=found,
        total=total,
        text=text,
        number=number,
        last=max(1, ceil(total / PAGE_OF_GARAGES)),
        query=lambda wanted: urlencode({"text": text, "number": wanted}),
        problem=problem,
        typed=defaultdict(str, visit.form or await visit.kept()),
    )


async def _page(visit: Visit, problem: str = "", *, status: int = 200) -> Response:
    account = await _account(visit)
    if account is None:
        return visit.page("missing.html", status=404)
    pool, now = visit.office.pool, visit.office.clock.now()
    await quality.count_days(pool, now, most=2)
    return visit.page(
        "account.html",
        status=status,
        account=account,
        code=await pool.fetchrow(_CODE, account.id),
        quality=await quality.of_garage(pool, account.id, now),
        problem=problem,
        typed=defaultdict(str, visit.form or await visit.kept()),
    )


def _activation_address(visit: Visit) -> str:
    return f"{visit.office.public_url}{BASE}/activate"


def _digits(text: str) -> str:
    return "".join(char for char in text if char not in " .")


ROUTES: Final = [
    page("/accounts", show_list, roles=ADMINISTRATORS),
    page("/accounts", add, "POST", roles=ADMINISTRATORS),
    page("/accounts/{establishment}", show, roles=ADMINISTRATORS),
    page("/accounts/{establishment}/letter", make_letter, "POST", roles=ADMINISTRATORS),
    page("/accounts/{establishment}/mail", send_code, "POST", roles=ADMINISTRATORS),
    page("/accounts/{establishment}/lock", lock, "POST", roles=ADMINISTRATORS),
    page("/accounts/{establishment}/rename", rename, "POST", roles=ADMINISTRATORS),
]
