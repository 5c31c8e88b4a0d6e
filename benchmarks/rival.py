"""What people would write: FastAPI and SQLAlchemy, one insert and one commit for each request.

The same body is read by a pydantic model and the same row goes into the same table with the same indexes. There is no
authentication, no idempotency key, no look-up of the vehicle, nothing to judge. One process of uvicorn with uvloop and
httptools, and a connection to the database for each of the clients, so that nobody waits for one.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID, uuid4

import typer
import uvicorn
from fastapi import Depends, FastAPI, Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel
from sqlalchemy import BigInteger, DateTime
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from benchmarks.children import say_ready
from odopass.registry.serving.listening import listen

CONNECTIONS = 32


class Base(DeclarativeBase):
    """The tables."""


class StoredRequest(Base):
    """A row of the registry's table of requests."""

    __tablename__ = "request"

    guid: Mapped[UUID] = mapped_column(primary_key=True)
    subject: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    kind: Mapped[str]
    case_guid: Mapped[UUID]
    case_subject: Mapped[int] = mapped_column(BigInteger)
    account_id: Mapped[int]
    software_id: Mapped[int | None]
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    identification: Mapped[str]
    identifier: Mapped[str | None]
    observation_type: Mapped[str | None]
    reading_date: Mapped[date | None]
    km: Mapped[int | None]
    body: Mapped[str | None]


def _wire_date(text: str) -> date:
    return datetime.strptime(text, "%d/%m/%Y").replace(tzinfo=UTC).date()


class Observation(BaseModel):
    """The body of a submission."""

    model_config = ConfigDict(alias_generator=to_camel)

    vin: str = Field(pattern=r"^[0-9A-Za-z]{1,17}$")
    odometer_reading_date: Annotated[date, BeforeValidator(_wire_date)]
    odometer_reading: int = Field(ge=0, le=9_999_999)
    observation_type: str
    enterprise_organisation: str = Field(pattern=r"^[01][0-9]{9}$")
    entered_organisation: str = Field(pattern=r"^[2-8][0-9]{9}$")


class Accepted(BaseModel):
    """The answer."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    request_guid: UUID


async def session(request: Request) -> AsyncIterator[AsyncSession]:
    """A session for one request."""
    async with request.app.state.sessions() as opened:
        yield opened


async def submit(
    observation: Observation, request: Request, database: Annotated[AsyncSession, Depends(session)]
) -> Accepted:
    """Store an observation and answer the GUID it is known by."""
    guid = uuid4()
    subject = zlib.crc32(observation.vin.encode())
    database.add(
        StoredRequest(
            guid=guid,
            subject=subject,
            kind="submission",
            case_guid=guid,
            case_subject=subject,
            account_id=1,
            software_id=None,
            received_at=datetime.now(UTC),
            identification="identified",
            identifier=observation.vin,
            observation_type=observation.observation_type,
            reading_date=observation.odometer_reading_date,
            km=observation.odometer_reading,
            body=(await request.body()).decode(),
        )
    )
    await database.commit()
    return Accepted(request_guid=guid)


def build(engine: AsyncEngine, address: str) -> FastAPI:
    """The application; it says that it is ready when it takes requests."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.sessions = async_sessionmaker(engine, expire_on_commit=False)
        say_ready(address)
        yield
        await engine.dispose()

    app = FastAPI(lifespan=lifespan)
    app.post("/api/observation")(submit)
    return app


def main(database_url: Annotated[str, typer.Argument(envvar="ODOPASS_BENCH_DATABASE_URL")]) -> None:
    """Serve until told to end."""
    listener = listen("127.0.0.1", 0)
    engine = create_async_engine(
        database_url.replace("postgresql://", "postgresql+asyncpg://", 1), pool_size=CONNECTIONS, max_overflow=0
    )
    app = build(engine, f"http://127.0.0.1:{listener.getsockname()[1]}")
    config = uvicorn.Config(app, loop="uvloop", http="httptools", access_log=False, log_level="warning")
    asyncio.Runner(loop_factory=config.get_loop_factory()).run(uvicorn.Server(config).serve([listener]))


if __name__ == "__main__":
    typer.run(main)
