"""How a played source answers about a vehicle: as it should, or in one of the ways in which sources go wrong."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from starlette.types import Receive, Scope, Send

#: Where the server puts what closes the connection, since nothing in ASGI does.
CUT: Final = "odopass.cut"

_DRIBBLE_SECONDS: Final = 0.05
_HUGE_BYTES: Final = 8_000_000
_PIECE: Final = b" " * 65_536


class Manner(StrEnum):
    """In which way a source answers."""

    FAST = "fast"
    SLOW = "slow"  # after some seconds
    SILENT = "silent"  # takes the request and never answers
    DRIBBLING = "dribbling"  # a byte now and then, for ever
    BROKEN = "broken"  # cuts the connection within the body
    UNREACHABLE = "unreachable"  # cuts the connection before it answers
    FAILING = "failing"  # 503, the first so many times
    REFUSING = "refusing"  # 401
    MOVED = "moved"  # redirects to another address
    CONTRADICTORY = "contradictory"  # foreign readings far above those of the registry
    ABSURD = "absurd"  # negative, in 1900, in the future, in furlongs, twice
    MALFORMED = "malformed"  # ends in the middle, as if complete
    LATIN_1 = "latin_1"
    UTF_16 = "utf_16"
    PACKED = "packed"  # compressed, though nobody asked for it
    HUGE = "huge"
    ANOTHER = "another"  # tells about another vehicle


#: By how much contradictory readings are above the true ones.
CONTRADICTION_KM: Final = 150_000


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How one source behaves about one vehicle.

    Attributes:
        manner: in which way.
        seconds: how long a slow one takes.
        times: how often a failing one fails before it answers; None: always.
    """

    manner: Manner = Manner.FAST
    seconds: float = 0.0
    times: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to be answered.

    Attributes:
        stopping: set when the server shall end; nothing may wait beyond that.
        before: how often this source was asked about this vehicle before.
    """

    scope: Scope
    receive: Receive
    send: Send
    stopping: asyncio.Event
    before: int


async def behave(behaviour: Behaviour, told: Mapping[str, Any], asked: Asked) -> None:
    """Answer with what is told, in this manner."""
    if behaviour.manner is Manner.SLOW and await _wait(asked, behaviour.seconds):
        await _cut(asked)
        return
    if behaviour.manner is Manner.FAILING and (behaviour.times is None or asked.before < behaviour.times):
        await answer_json(asked, {"error": "unavailable"}, status=503)
        return
    await _MANNERS.get(behaviour.manner, _well)(told, asked)


async def answer_json(asked: Asked, told: Mapping[str, Any], *, status: int = 200) -> None:
    """Answer as one should."""
    await _answer(asked, json.dumps(told).encode(), status=status)


async def _well(told: Mapping[str, Any], asked: Asked) -> None:
    await answer_json(asked, told)


async def _silent(told: Mapping[str, Any], asked: Asked) -> None:
    del told
    await _wait(asked, None)
    await _cut(asked)


async def _dribbling(told: Mapping[str, Any], asked: Asked) -> None:
    del told
    await _begin(asked)
    while not await _wait(asked, _DRIBBLE_SECONDS):
        await _send_part(asked, b" ")
    await _cut(asked)


async def _broken(told: Mapping[str, Any], asked: Asked) -> None:
    body = json.dumps(told).encode()
    await _begin(asked, length=len(body))
    await _send_part(asked, body[: len(body) // 2])
    await _cut(asked)


async def _unreachable(told: Mapping[str, Any], asked: Asked) -> None:
    del told
    await _cut(asked)


async def _refusing(told: Mapping[str, Any], asked: Asked) -> None:
    del told
    await answer_json(asked, {"error": "unauthorised"}, status=401)


async def _moved(told: Mapping[str, Any], asked: Asked) -> None:
    del told
    await _answer(asked, b"", status=302, headers=[(b"location", b"/elsewhere" + asked.scope["path"].encode())])


async def _malformed(told: Mapping[str, Any], asked: Asked) -> None:
    await _answer(asked, json.dumps(told).encode()[:-2])


async def _latin_1(told: Mapping[str, Any], asked: Asked) -> None:
    text = json.dumps({**told, "note": "première immatriculation"}, ensure_ascii=False)
    await _answer(asked, text.encode("latin-1", "replace"))


async def _utf_16(told: Mapping[str, Any], asked: Asked) -> None:
    await _answer(asked, json.dumps(told).encode("utf-16"))


async def _packed(told: Mapping[str, Any], asked: Asked) -> None:
    await _answer(asked, json.dumps(told).encode(), headers=[(b"content-encoding", b"gzip")])


async def _huge(told: Mapping[str, Any], asked: Asked) -> None:
    await _begin(asked)
    await _send_part(asked, json.dumps(told).encode()[:-1])
    for _ in range(_HUGE_BYTES // len(_PIECE)):
        if asked.stopping.is_set():
            break
        await _send_part(asked, _PIECE)
    await asked.send({"type": "http.response.body", "body": b"}"})


async def _another(told: Mapping[str, Any], asked: Asked) -> None:
    await answer_json(asked, {**told, "vin": "WVWZZZ00000000000"})


_MANNERS: Final[Mapping[Manner, Callable[[Mapping[str, Any], Asked], Awaitable[None]]]] = {
    Manner.SILENT: _silent,
    Manner.DRIBBLING: _dribbling,
    Manner.BROKEN: _broken,
    Manner.UNREACHABLE: _unreachable,
    Manner.REFUSING: _refusing,
    Manner.MOVED: _moved,
    Manner.MALFORMED: _malformed,
    Manner.LATIN_1: _latin_1,
    Manner.UTF_16: _utf_16,
    Manner.PACKED: _packed,
    Manner.HUGE: _huge,
    Manner.ANOTHER: _another,
}


async def _answer(
    asked: Asked, body: bytes, *, status: int = 200, headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    await _begin(asked, status=status, length=len(body), headers=headers)
    await asked.send({"type": "http.response.body", "body": body})


async def _begin(
    asked: Asked, *, status: int = 200, length: int | None = None, headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    sent = [(b"content-type", b"application/json"), *(headers or [])]
    if length is not None:
        sent.append((b"content-length", str(length).encode()))
    await asked.send({"type": "http.response.start", "status": status, "headers": sent})


async def _send_part(asked: Asked, part: bytes) -> None:
    await asked.send({"type": "http.response.body", "body": part, "more_body": True})


async def _cut(asked: Asked) -> None:
    """Close the connection: what was sent arrives, the rest never does."""
    asked.scope[CUT]()
    await _gone(asked)


async def _gone(asked: Asked) -> None:
    while (await asked.receive())["type"] != "http.disconnect":
        pass


async def _wait(asked: Asked, seconds: float | None) -> bool:
    """Wait for so long, or until the other side goes or the server shall end; whether either of these happened."""
    stopping = asyncio.ensure_future(asked.stopping.wait())
    gone = asyncio.ensure_future(_gone(asked))
    try:
        done, _ = await asyncio.wait({stopping, gone}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in (stopping, gone):
            each.cancel()
        await asyncio.gather(stopping, gone, return_exceptions=True)
    return bool(done)
