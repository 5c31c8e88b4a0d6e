"""Filling pages in."""

from __future__ import annotations

import hashlib
from typing import Final
from uuid import uuid4

from jinja2 import Environment, PackageLoader, StrictUndefined

from odopass import look
from odopass.clock import BRUSSELS
from odopass.garage.app import faults, labels
from odopass.garage.app.order_addresses import order_address
from odopass.wording import Wording

_ENVIRONMENT: Final = Environment(
    loader=PackageLoader("odopass.garage.app"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.globals.update(
    brussels=BRUSSELS,
    look=look,
    STATES=labels.STATES,
    NEXT=labels.NEXT,
    TONES=labels.TONES,
    TYPES=labels.TYPES,
    OPERATIONS=labels.OPERATIONS,
    CATEGORIES=labels.CATEGORIES,
    REASONS=labels.REASONS,
    finding_text=labels.finding_text,
    reason_text=labels.reason_text,
    order_address=order_address,
    rule_text=labels.rule_text,
    event_text=labels.event_text,
    issue_name=labels.issue_name,
    description=labels.description,
    fault_text=faults.fault_text,
    refused_fields=faults.refused_fields,
    fresh_key=lambda: str(uuid4()),
    stamp=lambda shown: hashlib.sha256(shown.encode()).hexdigest()[:16],
)


def render(template: str, say: Wording, **values: object) -> str:
    """The text of a page.

    Args:
        template: its name.
        say: the words of the visitor's language.
        **values: what the template names.
    """
    return _ENVIRONMENT.get_template(template).render(say=say, **values)
