"""Somebody to sign documents: the sandbox's own authority, and a certificate that it issues."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from tests.pdf.cases import MADE_AT

from odopass.registry.report.document.certifying import AuthorityKey, DocumentCertificate, issue_document_certificate
from odopass.registry.report.document.signing import DocumentSigner
from odopass.registry.report.document.signing_keys import PemFiles
from odopass.sandbox.certificates import ensure_certificates

REGISTRY = "Open Odometer Registry"


@dataclass(frozen=True)
class Authority:
    """The sandbox's authority, with a server's certificate of its as well."""

    certificate: x509.Certificate
    key: AuthorityKey
    server_pem: bytes

    def issue(self, days: int = 1_000) -> DocumentCertificate:
        return issue_document_certificate(self.certificate, self.key, registry=REGISTRY, now=MADE_AT, days=days)


@cache
def authority() -> Authority:
    with tempfile.TemporaryDirectory() as folder:
        ensure_certificates(Path(folder), MADE_AT)
        own = (Path(folder) / "authority.pem").read_bytes()
        key = serialization.load_pem_private_key(own, None)
        assert isinstance(key, AuthorityKey)
        return Authority(x509.load_pem_x509_certificate(own), key, (Path(folder) / "server-rsa.pem").read_bytes())


@cache
def document_certificate() -> DocumentCertificate:
    return authority().issue()


@cache
def signer() -> DocumentSigner:
    return signer_of(document_certificate().pem())


def signer_of(pem: bytes, *, timestamp_url: str | None = None) -> DocumentSigner:
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        file.write(pem)
        file.flush()
        path = Path(file.name)
        return DocumentSigner(PemFiles(path, path), timestamp_url=timestamp_url)
