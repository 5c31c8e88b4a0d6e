"""The key that reports are signed with, and the signatures: in the PDF, and beside the JSON."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from asn1crypto import keys as asn1_keys  # type: ignore[import-untyped]
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields
from pyhanko.sign.signers import PdfSignatureMetadata, SimpleSigner, sign_pdf
from pyhanko_certvalidator.registry import SimpleCertificateStore

_BITS: Final = 3_072
_EXPONENT: Final = 65_537
_VALID: Final = timedelta(days=10 * 365)
_FIELD: Final = "Signature"


class UnusableKeyError(Exception):
    """The key to sign with cannot be had; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key and its certificate."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    def certificate_pem(self) -> bytes:
        """The certificate, for those who check."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)


def open_or_make_key(path: Path) -> SigningKey:
    """The key of a PEM file that holds key and certificate; made, with a certificate of its own, if there is none.

    Raises:
        UnusableKeyError: the file cannot be read or written, or holds no RSA key with its certificate.
    """
    try:
        if not path.exists():
            return _make(path)
        content = path.read_bytes()
        key = serialization.load_pem_private_key(content, None)
        certificate = x509.load_pem_x509_certificate(content)
    except (OSError, ValueError, TypeError) as error:
        raise UnusableKeyError(
            f"The key to sign with cannot be had from {path}: {error}. It is a PEM file with an RSA key and its "
            "certificate; without --sign-with the kit makes one of its own."
        ) from error
    if not isinstance(key, rsa.RSAPrivateKey) or key.public_key() != certificate.public_key():
        raise UnusableKeyError(f"{path} does not hold an RSA key and the certificate of that key.")
    return SigningKey(key, certificate)


def sign_document(pdf: bytes, key: SigningKey, *, reason: str) -> bytes:
    """Certify a PDF: any change to it shows from now on."""
    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    der = key.key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    signer = SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(key.certificate.public_bytes(serialization.Encoding.DER)),
        signing_key=asn1_keys.PrivateKeyInfo.load(der),
        cert_registry=store,
    )
    meta = PdfSignatureMetadata(
        field_name=_FIELD,
        md_algorithm="sha256",
        subfilter=fields.SigSeedSubFilter.PADES,
        reason=reason,
        certify=True,
        docmdp_permissions=fields.MDPPerm.NO_CHANGES,
    )
    # PDF/A wants every object on a line of its own, also the first one that is added.
    whole = pdf if pdf.endswith(b"\n") else pdf + b"\n"
    signed = sign_pdf(IncrementalPdfFileWriter(io.BytesIO(whole)), meta, signer)
    return bytes(signed.getvalue())


def sign_bytes(content: bytes, key: SigningKey) -> bytes:
    """A detached signature: RSA, PKCS #1 v1.5, SHA-256, which ``openssl dgst -sha256 -verify`` checks."""
    return key.key.sign(content, padding.PKCS1v15(), hashes.SHA256())


def _make(path: Path) -> SigningKey:
    key = rsa.generate_private_key(_EXPONENT, _BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "odopass approval kit")])
    began = datetime.now(UTC) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(began)
        .not_valid_after(began + _VALID)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    made = SigningKey(key, certificate)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(pem + made.certificate_pem())
    unfinished.replace(path)
    return made
