"""Traces for OpenTelemetry, if they are asked for (R13): how long each step of a request took, and in which process.

They are asked for by OpenTelemetry's own variables: with `OTEL_EXPORTER_OTLP_ENDPOINT` (or `…_TRACES_ENDPOINT`) set,
spans go there by OTLP over HTTP; the other variables (sampling, headers, names) mean what they mean everywhere.
Without, nothing of OpenTelemetry is loaded and a span costs next to nothing.

A span says what was done, for which GUIDs, and how it ended. It never holds a body, a header or who logged in how.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from odopass.registry.postgres import ExplainedError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Tracer

#: As many GUIDs as a span of a whole batch names.
_MOST_NAMED: Final = 100
_ASKED_BY: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_NO_SPAN: Final = nullcontext()

_tracer: Tracer | None = None

Value = str | int | bool | list[str]


def asked_for(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether traces are asked for, and can be made.

    Raises:
        ExplainedError: they are asked for, and what makes them is not installed.
    """
    name = next((name for name in _ASKED_BY if environment.get(name)), None)
    if name is None or environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    if find_spec("opentelemetry") is None or find_spec("opentelemetry.exporter.otlp.proto.http") is None:
        raise ExplainedError(
            "Traces cannot be sent.",
            f"{name} asks for them, and OpenTelemetry is not installed.",
            "Install odopass[tracing], or unset the variable.",
        )
    return True


def configure(role: str, *, exporter: SpanExporter | None = None) -> None:
    """Begin to make spans, if they are asked for.

    Args:
        role: what this process does: `api`, `worker`.
        exporter: where spans go instead of to the address in the variables.
    """
    global _tracer  # noqa: PLW0603 - one for the process, as OpenTelemetry itself has it
    if exporter is None and not asked_for():
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - if asked for
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor  # noqa: PLC0415

    named = {} if os.environ.get("OTEL_SERVICE_NAME") else {"service.name": "odopass-registry"}
    provider = TracerProvider(resource=Resource.create(named | {"odopass.role": role}))
    provider.add_span_processor(
        BatchSpanProcessor(OTLPSpanExporter()) if exporter is None else SimpleSpanProcessor(exporter)
    )
    _tracer = provider.get_tracer("odopass")


def stop() -> None:
    """Make no more spans; those made are sent when the process ends."""
    global _tracer  # noqa: PLW0603
    _tracer = None


def on() -> bool:
    """Whether spans are made: to ask before what they would say is put together."""
    return _tracer is not None


def span(name: str, *, begun_ns: int | None = None, **attributes: Value) -> AbstractContextManager[object]:
    """A span around what is done in the with statement; an error that leaves it is noted by its kind.

    Args:
        name: what is done.
        begun_ns: when that began, in nanoseconds since 1970, if it was before.
        **attributes: what is known about it.
    """
    return _NO_SPAN if _tracer is None else _span(_tracer, name, begun_ns, attributes)


@contextmanager
def _span(tracer: Tracer, name: str, begun_ns: int | None, attributes: dict[str, Value]) -> Iterator[None]:
    from opentelemetry.trace import StatusCode  # noqa: PLC0415

    with tracer.start_as_current_span(
        name,
        start_time=begun_ns,
        attributes=_named(attributes),
        record_exception=False,  # a message may quote what was sent
        set_status_on_exception=False,
    ) as current:
        try:
            yield
        except BaseException as error:
            current.set_status(StatusCode.ERROR, type(error).__name__)
            raise


def note(**attributes: Value) -> None:
    """Say more about the span that is open."""
    if _tracer is None:
        return
    from opentelemetry.trace import get_current_span  # noqa: PLC0415

    get_current_span().set_attributes(_named(attributes))


def guids(many: Iterable[object]) -> list[str]:
    """The GUIDs of a batch, as many as a span names; nothing is gone through if there are no spans."""
    return [] if _tracer is None else [str(guid) for guid, _ in zip(many, range(_MOST_NAMED), strict=False)]


def _named(attributes: Mapping[str, Value]) -> dict[str, Value]:
    """Attributes under names of our own, or of OpenTelemetry's conventions where there is one."""
    return {_CONVENTIONS.get(name, f"odopass.{name}"): value for name, value in attributes.items()}


_CONVENTIONS: Final = {
    "method": "http.request.method",
    "route": "http.route",
    "http_status": "http.response.status_code",
}
