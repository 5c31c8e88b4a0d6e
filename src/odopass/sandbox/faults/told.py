"""Rules as JSON: what the control port takes and tells."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from odopass.sandbox.faults.choosing import Standing
from odopass.sandbox.faults.rules import Kind, Operation, Rule, problems_of
from odopass.wire.errors import Invalid, Problem

_LONGEST_S: Final = 366 * 86_400.0


class _ToldRule(BaseModel):
    """A rule as it comes in."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    operation: Operation = Operation.ANY
    garage: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    vin: Annotated[str, Field(min_length=1, max_length=17)] | None = None
    probability: Annotated[float, Field(gt=0, le=1)] = 1.0
    next: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    every: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    seconds: Annotated[float, Field(gt=0, le=_LONGEST_S)] | None = None
    retryAfter: Annotated[int, Field(ge=0, le=86_400)] | None = None  # noqa: N815 - as on the wire


def read_rule(body: bytes) -> Rule:
    """The rule that a body holds.

    Raises:
        Invalid: it holds none, or one that makes no sense; with every problem.
    """
    try:
        told = _ToldRule.model_validate_json(body)
    except ValidationError as error:
        raise Invalid(problems_in(error)) from None
    rule = Rule(
        kind=told.kind,
        operation=told.operation,
        garage=told.garage,
        vin=None if told.vin is None else told.vin.upper(),
        probability=told.probability,
        next=told.next,
        every=told.every,
        seconds=told.seconds,
        retry_after=told.retryAfter,
    )
    problems = [Problem((name,), message) for name, message in problems_of(rule)]
    if problems:
        raise Invalid(problems)
    return rule


def tell_rule(standing: Standing) -> dict[str, Any]:
    """A rule that stands, as JSON; what it does not have is left out."""
    rule = standing.rule
    told = {
        "id": standing.name,
        "kind": rule.kind.value,
        "operation": rule.operation.value,
        "garage": rule.garage,
        "vin": rule.vin,
        "probability": rule.probability if rule.probability < 1 else None,
        "next": rule.next,
        "every": rule.every,
        "seconds": rule.seconds,
        "retryAfter": rule.retry_after,
        "mild": standing.mild,
        "fitting": standing.fitting,
        "applied": standing.applied,
    }
    return {name: value for name, value in told.items() if value is not None}


def problems_in(error: ValidationError) -> list[Problem]:
    """What was wrong with a body, each with the member that it is about."""
    return [
        Problem((str(each["loc"][0]),) if each["loc"] else (), f"{each['msg']}.")
        for each in error.errors(include_url=False, include_context=False, include_input=False)
    ]
