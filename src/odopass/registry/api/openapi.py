"""The OpenAPI document of the wire (W18): every operation, every answer."""

from __future__ import annotations

from typing import Any, Final

from odopass.registry.api.openapi_schemas import (
    ANSWER_SCHEMAS,
    OBSERVATION_EXAMPLES,
    REQUEST_GUID,
    STATUS_EXAMPLES,
    observation_schema,
)
from odopass.registry.settings import Environment
from odopass.wire import headers, paths
from odopass.wire.json_body import MAX_BODY_BYTES

Json = dict[str, Any]

LANGUAGES: Final = ("nl", "fr", "de", "en")

_DESCRIPTION: Final = f"""\
A garage reports what an odometer showed, and learns what the registry makes of it.

1. `POST /observation` answers with a `requestGuid` as soon as the observation is stored for good.
2. `GET /observation/{{requestGuid}}/status` tells what became of it. Ask a second after the submission at the
   earliest, and every 10 seconds at most while it is `ONGOING`.
3. If it is `ISSUE`, send a `correction` or a `confirm`. Each gives a new `requestGuid` to follow; the last one counts.
4. If it was a `VEHICLE_HISTORY_DOCUMENT`, fetch the report once it is `PROCESSED`.

Dates are `dd/mm/yyyy`. Bodies are JSON in UTF-8, at most {MAX_BODY_BYTES} bytes. Whatever is refused is answered in
one shape, `{{"errors": [{{"field", "message"}}]}}`, with every problem of the request: a wrong method (405, with
`Allow`) and an unknown address (404) too.

A POST may carry an `Idempotency-Key`: the same key with the same body is answered with the same `requestGuid`, so
a submission that was not answered can be sent again without fear.
"""

_REFUSALS: Final[dict[str, tuple[str, str, str, str]]] = {
    "400": ("Invalid", "The request is wrong; every problem is listed.", "odometerReading", "It is missing."),
    "401": ("Unauthorized", "No credentials, or wrong ones.", "", "User name or password is wrong or missing."),
    "403": ("Locked", "The account is locked, or may not do this.", "", "This account is locked."),
    "404": ("NotFound", "No request of this garage has this GUID.", "requestGuid", "There is no such request."),
    "409": (
        "Conflict",
        "The request's state does not allow it, or the idempotency key was used for another request.",
        "",
        "The request is PROCESSED; only a request that is ISSUE can be corrected.",
    ),
    "429": ("TooManyRequests", "Too many requests; wait as `Retry-After` says.", "", "Too many requests."),
    "503": ("Unavailable", "Maintenance, or out of order; wait as `Retry-After` says.", "", "Maintenance."),
}

_RETRY_AFTER: Final[Json] = {
    "Retry-After": {
        "description": "Seconds to wait before the next try.",
        "required": True,
        "schema": {"type": "integer", "minimum": 0},
    }
}
_REFUSAL_HEADERS: Final[dict[str, Json]] = {
    "401": {
        "WWW-Authenticate": {
            "description": "The scheme asked for: Basic.",
            "required": True,
            "schema": {"type": "string"},
        }
    },
    "429": _RETRY_AFTER,
    "503": _RETRY_AFTER,
}

_SOFTWARE_PARAMETERS: Final = {
    "ClientSoftwareBuilder": (headers.BUILDER, "Who makes the software that sends this.", "Example Software"),
    "ClientSoftwareName": (headers.NAME, "What it is called.", "Example DMS"),
    "ClientSoftwareVersion": (headers.VERSION, "Its version.", "1.2.3"),
}


def openapi_document(*, environment: Environment, version: str) -> Json:
    """The document as it is served.

    Args:
        environment: beta refuses unknown members, production ignores them (W21).
        version: of the software.
    """
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Odometer registry" if environment == Environment.PRODUCTION else "Odometer registry (beta)",
            "version": version,
            "summary": "Odometer readings in, an outcome for each.",
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": paths.BASE, "description": environment.capitalize()}],
        "security": [{"basicAuth": []}],
        "tags": [
            {"name": "observation", "description": "Submit, follow, correct, confirm."},
            {"name": "report", "description": "The vehicle history report."},
        ],
        "paths": {
            _path(paths.OBSERVATION): {"post": _submit()},
            _path(paths.STATUS): {"parameters": [_parameter("RequestGuid")], "get": _status()},
            _path(paths.CORRECTION): {
                "parameters": [_parameter("RequestGuid")],
                "post": _correct("correctObservation"),
            },
            _path(paths.CORRECT_ALIAS): {
                "parameters": [_parameter("RequestGuid")],
                "post": {
                    **_correct("correctObservationAlias"),
                    "summary": "Another name for …/correction",
                    "deprecated": True,
                },
            },
            _path(paths.CONFIRM): {"parameters": [_parameter("RequestGuid")], "post": _confirm()},
            _path(paths.VHR): {"parameters": [_parameter("RequestGuid")], "get": _report()},
        },
        "components": {
            "securitySchemes": {
                "basicAuth": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "User name: the establishment number. RFC 7617, in UTF-8.",
                }
            },
            "parameters": _parameters(),
            "responses": _responses(),
            "schemas": {
                "Observation": observation_schema(strict_members=environment == Environment.BETA),
                **ANSWER_SCHEMAS,
            },
        },
    }


def _path(address: str) -> str:
    return address.removeprefix(paths.BASE)


def _parameter(name: str) -> Json:
    return {"$ref": f"#/components/parameters/{name}"}


def _software() -> list[Json]:
    return [_parameter(name) for name in _SOFTWARE_PARAMETERS]


def _answers(success: Json, *refusals: str) -> Json:
    return {
        "200": success,
        **{status: {"$ref": f"#/components/responses/{_REFUSALS[status][0]}"} for status in sorted(refusals)},
    }


_ALWAYS: Final = ("401", "403", "429", "503")


def _json(schema: str, examples: Json) -> Json:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}, "examples": examples}}


def _guid_answer(description: str) -> Json:
    example = {"guid": {"summary": "The GUID to follow", "value": {"requestGuid": REQUEST_GUID}}}
    return {"description": description, "content": _json("RequestGuid", example)}


def _observation_body() -> Json:
    return {"required": True, "content": _json("Observation", OBSERVATION_EXAMPLES)}


def _submit() -> Json:
    return {
        "operationId": "submitObservation",
        "tags": ["observation"],
        "summary": "Submit a reading",
        "description": (
            "Send it while the vehicle is in the workshop. One garage sends one reading for a vehicle and a day; "
            "a second one ends as `ERROR` with issue type 150."
        ),
        "parameters": [_parameter("IdempotencyKey"), *_software()],
        "requestBody": _observation_body(),
        "responses": _answers(_guid_answer("Stored; it is judged from now on."), "400", "409", *_ALWAYS),
    }


def _status() -> Json:
    return {
        "operationId": "getObservationStatus",
        "tags": ["observation"],
        "summary": "What became of a request",
        "description": "Any GUID of a chain of corrections and confirmations is answered with the present state.",
        "parameters": _software(),
        "responses": _answers(
            {"description": "The present state.", "content": _json("ObservationStatus", STATUS_EXAMPLES)},
            "400",
            "404",
            *_ALWAYS,
        ),
    }


def _correct(operation_id: str) -> Json:
    return {
        "operationId": operation_id,
        "tags": ["observation"],
        "summary": "Correct a request that is ISSUE",
        "description": (
            "Send the whole observation again. Reading, date, VIN, plate, unifier and first use may differ; the type "
            "only to or from `ODOMETER_REPLACED`. All issues of the request close. A report's request keeps the day "
            "of its first submission."
        ),
        "parameters": [_parameter("IdempotencyKey"), *_software()],
        "requestBody": _observation_body(),
        "responses": _answers(_guid_answer("Stored; follow the new GUID."), "400", "404", "409", *_ALWAYS),
    }


def _confirm() -> Json:
    return {
        "operationId": "confirmObservation",
        "tags": ["observation"],
        "summary": "Confirm a request that is ISSUE",
        "description": (
            "Says that the data is right as sent, or that it cannot be corrected. Can be given once. Needs no body; "
            "one that is sent is ignored."
        ),
        "parameters": [_parameter("IdempotencyKey"), *_software()],
        "responses": _answers(_guid_answer("Stored; follow the new GUID."), "400", "404", "409", *_ALWAYS),
    }


def _report() -> Json:
    report = {"file": "JVBERi0xLjcK", "publicUrl": f"https://registry.example/vhr/{REQUEST_GUID}"}
    responses = _answers(
        {
            "description": "The report.",
            "content": _json("VehicleHistoryReport", {"report": {"summary": "The report", "value": report}}),
        },
        "400",
        "404",
        *_ALWAYS,
    )
    refusal = "The report does not stand yet."
    example = {"errors": [{"field": "", "message": refusal}], "status": "ONGOING", "message": refusal}
    responses["409"] = {
        "description": "The report does not stand, or the request asked for none; `status` tells the request's state.",
        "content": _json("NoReport", {"ongoing": {"summary": "Not yet", "value": example}}),
    }
    return {
        "operationId": "getVehicleHistoryReport",
        "tags": ["report"],
        "summary": "The report of a VEHICLE_HISTORY_DOCUMENT that is PROCESSED",
        "parameters": [
            {
                "name": "language",
                "in": "query",
                "description": "The PDF's language, in either case.",
                "schema": {"type": "string", "enum": [*LANGUAGES, *map(str.upper, LANGUAGES)], "default": "nl"},
            },
            *_software(),
        ],
        "responses": dict(sorted(responses.items())),
    }


def _parameters() -> Json:
    software = {
        name: {
            "name": header,
            "in": "header",
            "description": text,
            "schema": {"type": "string"},
            "example": example,
        }
        for name, (header, text, example) in _SOFTWARE_PARAMETERS.items()
    }
    return {
        "RequestGuid": {
            "name": "requestGuid",
            "in": "path",
            "required": True,
            "description": "The GUID a submission, correction or confirmation was answered with.",
            "schema": {"type": "string", "format": "uuid"},
            "example": REQUEST_GUID,
        },
        "IdempotencyKey": {
            "name": headers.IDEMPOTENCY_KEY,
            "in": "header",
            "description": "Unique per submission, correction or confirmation of this garage, such as a UUID.",
            "schema": {
                "type": "string",
                "minLength": 1,
                "maxLength": headers.MAX_IDEMPOTENCY_KEY_LENGTH,
                "pattern": "^[!-~]([ -~]*[!-~])?$",
            },
            # No example: the page would send it with every try, and the second one would be a conflict.
        },
        **software,
    }


def _responses() -> Json:
    responses: Json = {}
    for status, (name, description, field, message) in _REFUSALS.items():
        example = {"errors": [{"field": field, "message": message}]}
        responses[name] = {
            "description": description,
            "content": _json("Errors", {"refused": {"summary": description, "value": example}}),
        }
        if status in _REFUSAL_HEADERS:
            responses[name]["headers"] = _REFUSAL_HEADERS[status]
    return responses
