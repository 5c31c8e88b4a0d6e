"""The account's page: everything about it, tested with one click; and who may use the application (G12)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from starlette.responses import Response

from odopass.garage.account import Account, Environment, SecretLost, endpoint_of, problems, typed_file, typed_number
from odopass.garage.app.visit import Visit, page
from odopass.garage.app.words import LANGUAGES
from odopass.garage.client import Maintenance, RegistryError, Throttled, WrongCredentials

REPORT_LANGUAGE: Final = "report_language"

PROBLEMS: Final[Mapping[str, str]] = {
    "establishment_number": "The user name is the establishment number: 10 digits that begin with 2 to 8. Look at the "
    "letter of your account.",
    "enterprise_number": "The enterprise number has 10 digits and begins with 0 or 1; it is the VAT number without BE.",
    "username_form": "A user name has no colon and no control characters.",
    "password_missing": "Enter the password of the account.",
    "email_form": "An e-mail address looks like workshop@example.be.",
    "address_form": "The address looks like https://registry.example/api.",
    "address_https": "The address has to begin with https://, or the password could be read on its way.",
    "link_form": "A link begins with https:// or mailto:.",
    "ca_file_missing": "There is no such file on this computer.",
    "name_form": "Enter a name for the workplace, 60 letters at most.",
    "secret_short": "A PIN or password has at least 4 digits or letters.",
    "password_unwritten": "The password cannot be kept: {detail}",
}

ENVIRONMENTS: Final[Mapping[str, str]] = {
    Environment.PRODUCTION.value: "Production: real readings",
    Environment.BETA.value: "Beta: to try things out",
    Environment.OWN.value: "Another registry, by its address",
}

#: Outcomes of a test of the connection.
TESTED: Final[Mapping[str, str]] = {
    "good": "Connected: the registry takes your user name and password.",
    "good_unsaved": "Connected: the registry takes this user name and password. Now save the account.",
    "none": "No account is set up yet. Fill in the form and save it.",
    "credentials": "The registry does not take the user name or the password. Type them again; if it is still so, call "
    "the helpdesk.",
    "maintenance": "The registry is closed for maintenance. Your readings are kept and sent afterwards.",
    "throttled": "The registry asks for patience. Test again in a minute.",
    "unreachable": "The registry cannot be reached. Look at the internet connection and at the address. Your readings "
    "are kept and sent afterwards.",
    "lost": "The password cannot be read any more. Enter it once more and save.",
    "ca": "The file of the authority cannot be read.",
}


def show(visit: Visit) -> Response:
    """The account as it is set up."""
    account = visit.workshop.account.read() or Account()
    return visit.page("account.html", **_values(visit, account))


def save(visit: Visit) -> Response:
    """Keep the account; a change of user name or password warns that the registry has to know it too."""
    former, account = visit.workshop.account.read(), _account(visit)
    typed = visit.raw_field("password")
    kept, lost = _kept(visit)
    wrong = dict(problems(account, password=typed or kept))
    errors = {field: visit.say(PROBLEMS[code]) for field, code in wrong.items()}
    if not errors:
        try:
            visit.workshop.account.write(account, typed or None)
        except OSError as error:
            errors["password"] = visit.say(PROBLEMS["password_unwritten"], detail=error)
    if errors:
        shown = {"errors": errors, "typed_password": typed}
        return visit.page("account.html", status=422, **(_values(visit, account) | shown))
    if (language := visit.field("report_language")) in LANGUAGES:
        visit.workshop.book.settings.set_setting(REPORT_LANGUAGE, language)
    if visit.workshop.book.outbox.pulse().trouble in {"account", "credentials"}:
        # The page that follows must not say any more what was true of the account before.
        visit.workshop.book.outbox.in_trouble("", "", None)
    visit.workshop.connections.changed()
    visit.workshop.sender.account_changed()
    renamed = former is not None and former.login != account.login
    another = bool(typed) and (typed != kept) and (bool(kept) or lost)
    return visit.go("/account", "account_credentials" if former is not None and (renamed or another) else "account")


def test(visit: Visit) -> Response:
    """Test the connection with what stands in the form, saved or not; with what is saved if no form came along."""
    saved = visit.workshop.account.read()
    kept, _ = _kept(visit)
    account, password, typed = saved, kept, ""
    if "establishment" in visit.form:
        typed = visit.raw_field("password")
        account, password = _account(visit), typed or kept
        if errors := {field: visit.say(PROBLEMS[code]) for field, code in problems(account, password=password)}:
            shown = {"errors": errors, "typed_password": typed}
            return visit.page("account.html", status=422, **(_values(visit, account) | shown))
    is_saved = account == saved and password == kept
    outcome, detail = "good", ""
    try:
        visit.workshop.connections.test(None if is_saved or account is None else endpoint_of(account, password))
    except LookupError:
        outcome = "none"
    except SecretLost:
        outcome = "lost"
    except (OSError, ValueError) as error:
        outcome, detail = "ca", str(error)
    except RegistryError as error:
        outcome, detail = _outcome(error), str(error)
    if outcome == "good" and not is_saved:
        outcome = "good_unsaved"
    elif outcome == "good":
        visit.workshop.book.outbox.reached()
        visit.workshop.connections.changed()
        visit.workshop.sender.account_changed()
    tested = {
        "tested": visit.say(TESTED[outcome]),
        "tested_good": outcome.startswith("good"),
        "tested_detail": detail,
        "typed_password": typed,
    }
    return visit.page("account.html", **(_values(visit, account or Account()) | tested))


def show_password(visit: Visit) -> Response:
    """The same page, what was typed into it included, with the password readable."""
    account = _account(visit) if "establishment" in visit.form else visit.workshop.account.read() or Account()
    kept, _ = _kept(visit)
    shown = {"shown_password": kept, "typed_password": visit.raw_field("password")}
    return visit.page("account.html", **(_values(visit, account) | shown))


def save_workplace(visit: Visit) -> Response:
    """Add a workplace with its PIN, or take one away."""
    workplaces = visit.workshop.workplaces
    if gone := visit.field("remove"):
        workplaces.remove(gone)
        visit.workshop.sessions.end_of(gone)
        return visit.go("/account", "workplaces")
    try:
        workplaces.set(visit.field("name"), visit.raw_field("secret"))
    except ValueError as error:
        account = visit.workshop.account.read() or Account()
        errors = {"secret" if str(error) == "secret_short" else "name": visit.say(PROBLEMS[str(error)])}
        return visit.page("account.html", status=422, **(_values(visit, account) | {"errors": errors}))
    return visit.go("/account", "workplaces")


def _report_language(visit: Visit) -> str:
    """As it was typed, else as it is set."""
    typed = visit.field("report_language")
    return typed if typed in LANGUAGES else visit.workshop.book.settings.setting(REPORT_LANGUAGE) or "nl"


def _outcome(error: RegistryError) -> str:
    match error:
        case WrongCredentials():
            return "credentials"
        case Maintenance():
            return "maintenance"
        case Throttled():
            return "throttled"
    return "unreachable"


def _kept(visit: Visit) -> tuple[str, bool]:
    """The password that is kept, and whether one was that cannot be read."""
    try:
        return visit.workshop.account.password() or "", False
    except SecretLost:
        return "", True


def _account(visit: Visit) -> Account:
    environment = visit.field("environment")
    return Account(
        environment=Environment(environment) if environment in set(Environment) else Environment.PRODUCTION,
        own_address=visit.field("own_address"),
        establishment=typed_number(visit.field("establishment")),
        enterprise=typed_number(visit.field("enterprise")),
        email=visit.field("email"),
        helpdesk_phone=visit.field("helpdesk_phone"),
        helpdesk_link=visit.field("helpdesk_link"),
        ca_file=typed_file(visit.field("ca_file")),
        username=visit.field("username"),
    )


def _values(visit: Visit, account: Account) -> dict[str, Any]:
    kept, lost = _kept(visit)
    return {
        "texts": {name: str(value) for name, value in asdict(account).items()},
        "environments": ENVIRONMENTS,
        "errors": {},
        "has_password": bool(kept),
        "password_lost": lost,
        "shown_password": "",
        "typed_password": "",
        "tested": "",
        "tested_good": False,
        "tested_detail": "",
        "report_language": _report_language(visit),
        "languages": LANGUAGES,
        "workplaces": visit.workshop.workplaces.names(),
    }


ROUTES: Final = [
    page("/account", show, name="account"),
    page("/account", save, "POST", name="save_account"),
    page("/account/test", test, "POST"),
    page("/account/password", show_password, "POST"),
    page("/account/workplaces", save_workplace, "POST"),
]
