"""Logging employees in at the organisation's own OpenID Connect provider, with their roles from a claim."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import httpx
import structlog
from authlib.common.errors import AuthlibBaseError  # type: ignore[import-untyped]
from authlib.oauth2.rfc6749.parameters import (  # type: ignore[import-untyped]
    parse_authorization_code_response,
    prepare_grant_uri,
)
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]
from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from odopass.registry.accounts.sources import network_of
from odopass.registry.employees import sessions
from odopass.registry.employees.employees import COLUMNS, BadEmployee, Role, checked_name, employee_of

if TYPE_CHECKING:
    from odopass.registry.store.database import Database, Pool

_log = structlog.get_logger(__name__)

_TIMEOUT_S: Final = 10.0
#: How long somebody may take at the provider's.
_LONGEST: Final = timedelta(minutes=15)
#: Signatures that are believed; none of them is made with a secret that we share.
_ALGORITHMS: Final = ["RS256", "PS256", "ES256", "EdDSA"]
_CLOCK_SLACK_S: Final = 60


class OpenIdRefused(Exception):  # noqa: N818 - it names what happened
    """Nobody was logged in.

    Attributes:
        kind: ``away`` if the provider cannot be reached, ``stale`` if the login took too long or was not begun here,
            ``roles`` if the person has no role here, ``locked``, or ``refused``.
    """

    def __init__(self, kind: str, why: str) -> None:
        super().__init__(why)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class OpenIdSetup:
    """How the provider is reached.

    Attributes:
        issuer: its address; the rest is found by discovery.
        client_id: our name there.
        client_secret: our password there.
        name: what employees call it, for the button.
        roles_claim: the claim that lists a person's groups or roles; dots lead into objects: ``realm_access.roles``.
        roles: which of its values mean which role here.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str
    roles_claim: str
    roles: Mapping[str, Role]


class OpenId:
    """The way to the provider and back."""

    def __init__(self, setup: OpenIdSetup, pool: Pool, callback: str) -> None:
        """Describe it.

        Args:
            setup: how the provider is reached.
            pool: of the registry's database.
            callback: the address to which the provider sends people back.
        """
        self._setup = setup
        self._pool = pool
        self._callback = callback

    @property
    def name(self) -> str:
        """What employees call the provider."""
        return self._setup.name

    async def begin(self, goes_to: str, *, now: datetime) -> tuple[str, str]:
        """Begin a login.

        Args:
            goes_to: the page that opens after it.
            now: the present moment.

        Returns:
            The provider's address to go to, and the state that this browser must bring back.

        Raises:
            OpenIdRefused: the provider cannot be reached.
        """
        found = await self._discovered()
        state, nonce, verifier = (secrets.token_urlsafe(length) for length in (32, 24, 48))
        address: str = prepare_grant_uri(
            found["authorization_endpoint"],
            client_id=self._setup.client_id,
            response_type="code",
            redirect_uri=self._callback,
            scope="openid profile email",
            state=state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
        )
        await self._pool.execute(
            "insert into openid_login (state, nonce, verifier, goes_to, began_at) values ($1, $2, $3, $4, $5)",
            _digest(state),
            nonce,
            verifier,
            goes_to,
            now,
        )
        await self._pool.execute(
            "delete from openid_login where began_at < $1::timestamptz - $2::interval", now, _LONGEST
        )
        return address, state

    async def finish(
        self, address: str, state: str, kept_state: str, browser: str, *, now: datetime
    ) -> tuple[str, str]:
        """Let in whoever comes back from the provider.

        Args:
            address: the whole address they came back with.
            state: as it stands in the address.
            kept_state: as the browser kept it in a cookie.
            browser: its address.
            now: the present moment.

        Returns:
            The token of the new session, and the page to go to.

        Raises:
            OpenIdRefused: nobody is logged in.
        """
        begun = None
        if state and secrets.compare_digest(state.encode(), kept_state.encode()):
            begun = await self._pool.fetchrow(
                "delete from openid_login where state = $1 and began_at > $2::timestamptz - $3::interval "
                "returning nonce, verifier, goes_to",
                _digest(state),
                now,
                _LONGEST,
            )
        if begun is None:
            raise OpenIdRefused("stale", "the login was not begun in this browser, or too long ago")
        claims = await self._claims(address, state, begun["verifier"], begun["nonce"], now)
        subject = f"{self._setup.issuer} {claims['sub']}"
        given = _listed(claims, self._setup.roles_claim)
        roles = sorted({self._setup.roles[each] for each in given if each in self._setup.roles})
        if not roles:
            # Whoever lost every role at the provider loses the sessions here, too.
            await self._pool.execute(
                "delete from employee_session s using employee e where e.id = s.employee_id and e.openid_subject = $1",
                subject,
            )
            _log.warning("desk login through OpenID Connect refused: no role", subject=subject)
            raise OpenIdRefused("roles", "the provider gives this person none of the desk's roles")
        async with self._pool.acquire() as connection, connection.transaction():
            employee_id = await _employee(connection, subject, _name(claims), roles)
            token = await sessions.begin(connection, employee_id, now=now)
        _log.info("desk login through OpenID Connect", employee=employee_id, network=network_of(browser))
        return token, begun["goes_to"]

    async def _claims(self, address: str, state: str, verifier: str, nonce: str, now: datetime) -> Mapping[str, Any]:
        found = await self._discovered()
        try:
            code = parse_authorization_code_response(address, state=state)["code"]
            async with httpx.AsyncClient(timeout=_TIMEOUT_S) as client:
                answer = await client.post(
                    found["token_endpoint"],
                    data={
                        "grant_type": "authorization_code",
                        "code": code,
                        "redirect_uri": self._callback,
                        "code_verifier": verifier,
                    },
                    auth=(quote(self._setup.client_id, safe=""), quote(self._setup.client_secret, safe="")),
                )
                answer.raise_for_status()
                token = answer.json()
                keys = KeySet.import_key_set((await client.get(found["jwks_uri"])).raise_for_status().json())
            decoded = jwt.decode(token["id_token"], keys, algorithms=_ALGORITHMS)
            claims = CodeIDToken(
                decoded.claims,
                decoded.header,
                {"iss": {"value": found["issuer"]}, "aud": {"value": self._setup.client_id}},
                {"nonce": nonce, "client_id": self._setup.client_id},
            )
            claims.validate(now=int(now.timestamp()), leeway=_CLOCK_SLACK_S)
        except httpx.HTTPStatusError as error:
            raise OpenIdRefused("refused", f"the provider answers {error.response.status_code}") from error
        except httpx.HTTPError as error:
            raise OpenIdRefused(
                "away", f"the provider does not answer: {str(error) or type(error).__name__}"
            ) from error
        except (AuthlibBaseError, JoseError, KeyError, ValueError, TypeError) as error:
            _log.warning("the OpenID Connect provider's answer was refused", error=str(error) or type(error).__name__)
            raise OpenIdRefused("refused", f"its answer cannot be believed: {error}") from error
        return dict(claims)

    async def _discovered(self) -> dict[str, Any]:
        address = f"{self._setup.issuer.rstrip('/')}/.well-known/openid-configuration"
        try:
            async with httpx.AsyncClient(timeout=_TIMEOUT_S) as client:
                answer = await client.get(address)
                answer.raise_for_status()
                found: dict[str, Any] = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            _log.error("the OpenID Connect provider does not answer", error=str(error) or type(error).__name__)
            raise OpenIdRefused("away", f"{address} does not answer") from error
        if found.get("issuer") != self._setup.issuer:
            raise OpenIdRefused("refused", f"{address} speaks for another issuer")
        return found


async def _employee(connection: Database, subject: str, name: str, roles: list[Role]) -> int:
    """The employee whom the provider calls by this subject, made or brought up to date."""
    row = await connection.fetchrow(
        f"update employee set name = $2, roles = $3 where openid_subject = $1 returning {COLUMNS}",  # noqa: S608
        subject,
        name,
        roles,
    )
    if row is None:
        # The user name cannot be that of somebody who has a password here: it begins as none of theirs can end.
        username = "openid-" + hashlib.sha256(subject.encode()).hexdigest()[:16]
        row = await connection.fetchrow(
            "insert into employee (username, name, roles, openid_subject) values ($1, $2, $3, $4) "  # noqa: S608
            f"on conflict (openid_subject) do update set name = excluded.name returning {COLUMNS}",
            username,
            name,
            roles,
            subject,
        )
    assert row is not None  # noqa: S101 - the statement returns one
    employee = employee_of(row)
    if employee.locked:
        raise OpenIdRefused("locked", "the account is locked here")
    return employee.id


def _listed(claims: Mapping[str, Any], path: str) -> list[str]:
    found: Any = claims
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        return [found]
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []


def _name(claims: Mapping[str, Any]) -> str:
    for claim in ("name", "preferred_username", "email", "sub"):
        try:
            return checked_name(str(claims.get(claim) or ""))
        except BadEmployee:
            continue
    return "?"


def _digest(state: str) -> bytes:
    return hashlib.sha256(state.encode("utf-8", "replace")).digest()
