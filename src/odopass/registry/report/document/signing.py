"""The signature under a document (R11): PAdES-B-B, or B-T where a time-stamping service is configured.

It certifies the document: after it nothing may be changed or added, and any reader of PDF files says so if it was.
The signature has no place on the page. Its field lies outside of it, and stands in the document's structure under a
name, so that the file stays PDF/A and PDF/UA.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from threading import Lock
from typing import Final

from pyhanko.pdf_utils.generic import (
    ArrayObject,
    ByteStringObject,
    DictionaryObject,
    NameObject,
    NumberObject,
)
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import fields
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
from pyhanko.sign.timestamps import HTTPTimeStamper

from odopass.registry.report.document.signing_keys import KeySource, Token, open_key

#: The name of the field that holds the signature.
FIELD: Final = "Signature"

_DIGEST: Final = "sha256"
_TIMESTAMP_SECONDS: Final = 10
#: Room for what a time-stamping service may answer, in bytes of PDF text (two for each byte).
_TIMESTAMP_ROOM: Final = 2 * 12_000
#: On the page it would have to be drawn, hidden it would not be PDF/A.
_BEYOND_THE_PAGE: Final = fields.InvisSigSettings(set_print_flag=True, set_hidden_flag=False, box_out_of_bounds=True)


class DocumentSigner:
    """Signs documents with one key, which it keeps ready. Several threads may use it at once."""

    def __init__(self, source: KeySource, *, timestamp_url: str | None = None) -> None:
        """Open the key.

        Args:
            source: where the key is.
            timestamp_url: a time-stamping service (RFC 3161) that vouches for the moment of signing; None for none.

        Raises:
            UnusableKeyError: the key cannot be had.
        """
        self._signer = open_key(source)
        self._stamper = None if timestamp_url is None else HTTPTimeStamper(timestamp_url, timeout=_TIMESTAMP_SECONDS)
        # A session with a token serves one at a time.
        self._turn: AbstractContextManager[object] = Lock() if isinstance(source, Token) else nullcontext()
        self._reserved: int | None = None

    def sign(self, pdf: bytes, *, made_at: datetime, reason: str) -> bytes:
        """Sign a document. Blocks for some milliseconds, and with a time-stamping service or a token for longer.

        With an RSA key and no time-stamping service, the same document, moment and reason give the same bytes.

        Args:
            pdf: the document, not signed yet.
            made_at: the moment to state as that of signing, with time zone.
            reason: what was signed, in the document's language, for whoever looks at the signature or hears of it.

        Raises:
            pyhanko.sign.general.SigningError: the token or the time-stamping service failed.
        """
        with self._turn:
            return asyncio.run(self._sign(pdf, made_at, reason))

    async def _sign(self, pdf: bytes, made_at: datetime, reason: str) -> bytes:
        meta = PdfSignatureMetadata(
            field_name=FIELD,
            md_algorithm=_DIGEST,
            subfilter=fields.SigSeedSubFilter.PADES,
            reason=reason,
            certify=True,
            docmdp_permissions=fields.MDPPerm.NO_CHANGES,
        )
        field = fields.SigFieldSpec(FIELD, invis_sig_settings=_BEYOND_THE_PAGE, readable_field_name=reason)
        signer = PdfSigner(meta, self._signer, timestamper=self._stamper, new_field_spec=field)
        # PDF/A wants every object on a line of its own, also the first one that is added.
        writer = _Appended(io.BytesIO(pdf if pdf.endswith(b"\n") else pdf + b"\n"))
        session = signer.init_signing_session(writer)
        session.system_time = made_at
        _put_into_structure(session.sig_field, writer)
        prepared = session.prepare_tbs_document(None, await self._room())
        digest, out = prepared.digest_tbs_document()
        await prepared.perform_signature(digest.document_digest, PdfCMSSignedAttributes(signing_time=made_at))
        out.seek(0)
        return bytes(out.read())

    async def _room(self) -> int:
        """How much room the signature needs, in bytes of PDF text; found once by signing nothing for trial."""
        if self._reserved is None:
            trial = await self._signer.async_sign(hashlib.sha256().digest(), _DIGEST, use_pades=True, dry_run=True)
            # Signatures of elliptic-curve keys differ in length by a byte or two.
            self._reserved = 2 * len(trial.dump()) + 16 + (_TIMESTAMP_ROOM if self._stamper else 0)
        return self._reserved


def _put_into_structure(field: DictionaryObject, writer: IncrementalPdfFileWriter) -> None:
    """Let the structure of the document, which is what is read aloud, name the field at its end."""
    name = NameObject
    tree = writer.root["/StructTreeRoot"]
    document = tree["/K"][0]
    children = document["/K"]
    parents = tree["/ParentTree"]["/Nums"]
    key = tree["/ParentTreeNextKey"]
    page = field.raw_get("/P")
    reference = writer.root["/AcroForm"]["/Fields"].raw_get(-1)
    element = writer.add_object(
        _dictionary(
            Type=name("/StructElem"),
            S=name("/Form"),
            P=tree["/K"].raw_get(0),
            K=_dictionary(Type=name("/OBJR"), Obj=reference, Pg=page),
        )
    )
    children.append(element)
    parents.extend([key, element])
    field["/StructParent"] = key
    tree["/ParentTreeNextKey"] = NumberObject(int(key) + 1)  # type: ignore[no-untyped-call]
    for changed in (children, parents, tree):
        writer.update_container(changed)


def _dictionary(**entries: object) -> DictionaryObject:
    entries_by_name = {NameObject(f"/{key}"): value for key, value in entries.items()}
    return DictionaryObject(entries_by_name)  # type: ignore[no-untyped-call]


class _Appended(IncrementalPdfFileWriter):
    """An addition to a file in which nothing comes from chance or the clock: same input, same bytes."""

    @classmethod
    def _handle_id(cls, prev: PdfFileReader) -> ArrayObject:
        first, _ = super()._handle_id(prev)  # type: ignore[no-untyped-call]
        prev.stream.seek(0)
        second = hashlib.sha256(b"signed " + prev.stream.read()).digest()[:16]
        return ArrayObject([first, ByteStringObject(second)])

    def _update_meta(self) -> None:
        """Leave the properties as they are: they tell when the document was made, and by what."""
