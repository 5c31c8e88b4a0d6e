"""Is a document as it was signed, and by whom it should be? For the check page, and for tests."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeAlias

from asn1crypto import parser  # type: ignore[import-untyped]
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import EmbeddedPdfSignature, async_validate_pdf_signature
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

#: No document of ours comes near it; larger files are not looked at.
LARGEST: Final = 8 * 1024 * 1024

# What is wrong with a stranger's file is in the verdict; it does not fill the log.
logging.getLogger("pyhanko").setLevel(logging.CRITICAL)


class Fault(StrEnum):
    """Why a document is not taken for genuine."""

    UNREADABLE = "unreadable"  # not a PDF file, or a damaged one
    NOT_SIGNED = "not_signed"
    CHANGED = "changed"  # since it was signed
    NOT_TRUSTED = "not_trusted"  # signed by somebody else, or with a certificate whose time is over


@dataclass(frozen=True, slots=True)
class Verified:
    """The document is as it was signed, by somebody whom an authority that is trusted vouches for.

    Attributes:
        signer: the name in the certificate.
        signed_at: the moment of signing: the time-stamping service's, else as the signer says.
        time_stamped: whether a time-stamping service vouches for that moment.
    """

    signer: str
    signed_at: datetime | None
    time_stamped: bool


@dataclass(frozen=True, slots=True)
class Broken:
    """The document is not genuine.

    Attributes:
        fault: why.
        detail: what was found, for a log.
    """

    fault: Fault
    detail: str


Verdict: TypeAlias = Verified | Broken


def verify(pdf: bytes, roots: Sequence[x509.Certificate], *, moment: datetime) -> Verdict:
    """Look whether a document is genuine. Blocks for some ten milliseconds; not for the event loop's own thread.

    Nothing is fetched: what a file says about where to ask further is not followed.

    Args:
        pdf: the file, from whomever.
        roots: the authorities that are trusted.
        moment: at which certificates must be good, with time zone.
    """
    if len(pdf) > LARGEST:
        return Broken(Fault.UNREADABLE, f"{len(pdf)} bytes are too many")
    return asyncio.run(_verify(pdf, roots, moment))


async def _verify(pdf: bytes, roots: Sequence[x509.Certificate], moment: datetime) -> Verdict:
    trusted = ValidationContext(
        trust_roots=[asn1_x509.Certificate.load(root.public_bytes(Encoding.DER)) for root in roots],
        allow_fetching=False,
        moment=moment,
        best_signature_time=moment,
    )
    try:
        signatures = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
        if not signatures:
            return Broken(Fault.NOT_SIGNED, "there is no signature")
        if len(signatures) > 1:
            return Broken(Fault.CHANGED, "there is more than one signature")
        status = await async_validate_pdf_signature(
            signatures[0], signer_validation_context=trusted, ts_validation_context=trusted
        )
        as_written = _as_written(pdf, signatures[0])
    except Exception as error:  # noqa: BLE001 - a file made to be unreadable makes a reader raise anything
        return Broken(Fault.UNREADABLE, f"{type(error).__name__}: {error}")
    if not as_written:
        return Broken(Fault.CHANGED, "the signature is not written as it was")
    return _judged(status)


def _as_written(pdf: bytes, signature: EmbeddedPdfSignature) -> bool:
    """Whether the signature's own text is untouched.

    It is the one part of a file that the signature cannot cover: its digits may be capitals, and what fills up its
    place may be anything. So it has to be exactly as a signer writes it.
    """
    _, before, resumed, _ = (int(number) for number in signature.byte_range)
    content = signature.pkcs7_content
    _, _, _, header, body, trailer = parser.parse(content)
    filling = content[len(header) + len(body) + len(trailer) :]
    return not any(filling) and pdf[before:resumed] == b"<" + content.hex().upper().encode() + b">"


def _judged(status: PdfSignatureStatus) -> Verdict:
    whole = status.coverage is SignatureCoverageLevel.ENTIRE_FILE
    if not (status.intact and status.valid and whole and status.docmdp_ok):
        return Broken(Fault.CHANGED, status.summary())
    if not status.trusted:
        return Broken(Fault.NOT_TRUSTED, status.summary())
    stamp = status.timestamp_validity
    time_stamped = stamp is not None and stamp.valid and stamp.intact and stamp.trusted
    return Verified(
        signer=str(status.signing_cert.subject.native.get("common_name", status.signing_cert.subject.human_friendly)),
        signed_at=stamp.timestamp if stamp is not None and time_stamped else status.signer_reported_dt,
        time_stamped=time_stamped,
    )
