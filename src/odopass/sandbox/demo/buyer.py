"""A buyer who opens the public page of a report: over HTTPS, without an account."""

from __future__ import annotations

import html
import re
import ssl
from dataclasses import dataclass
from typing import Final

import httpx

from odopass.sandbox.demo.garage import Unexpected
from odopass.sandbox.demo.screen import Language
from odopass.sandbox.ready_file import Ready

_VERDICT: Final = re.compile(r'class="verdict">.*?<p>(.*?)</p>', re.DOTALL)


@dataclass(frozen=True, slots=True)
class SeenPage:
    """What came back.

    Attributes:
        status: of HTTP.
        verdict: the sentence that a reader sees first.
    """

    status: int
    verdict: str


def open_page(ready: Ready, address: str, language: Language) -> SeenPage:
    """Open the page as a browser set to this language does; the sandbox's authority is believed.

    Raises:
        Unexpected: the page is not there, or says nothing of the vehicle.
    """
    trust = ssl.create_default_context(cafile=ready["ca"])
    with httpx.Client(verify=trust, timeout=30, trust_env=False) as browser:
        answer = browser.get(address, headers={"Accept-Language": language})
    found = _VERDICT.search(answer.text)
    if answer.status_code != httpx.codes.OK or found is None:
        raise Unexpected(f"GET {address} was answered with {answer.status_code}: {answer.text[:500]}")
    return SeenPage(answer.status_code, html.unescape(found[1]).strip())
