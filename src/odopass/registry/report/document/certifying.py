"""Certificates to sign documents with, issued by an authority of one's own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

#: Key purpose of RFC 9336: signing of documents by organisations and persons.
DOCUMENT_SIGNING: Final = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")

AuthorityKey: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

_RSA_BITS: Final = 3_072
_PUBLIC_EXPONENT: Final = 65_537
#: Clocks of those who check may be a little behind.
_BACKDATED: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class DocumentCertificate:
    """A certificate for documents and its key.

    The key is RSA, because every reader of PDF files can check that, and the same document signed twice is the same.
    """

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey

    def pem(self) -> bytes:
        """Key and certificate as PEM, unencrypted: for a file that only its owner can read."""
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ) + self.certificate.public_bytes(serialization.Encoding.PEM)


def issue_document_certificate(
    authority: x509.Certificate, authority_key: AuthorityKey, *, registry: str, now: datetime, days: int = 3 * 365
) -> DocumentCertificate:
    """Make a key and let an authority certify that documents signed with it are the registry's.

    Args:
        authority: the authority's certificate.
        authority_key: the key of that certificate.
        registry: the registry's name, as it stands on the document; those who open one are shown it as the signer.
        now: the present moment, with time zone.
        days: for how long the certificate is good; not longer than the authority's own.
    """
    key = rsa.generate_private_key(_PUBLIC_EXPONENT, _RSA_BITS)
    name = x509.Name(
        [
            # 64 characters are what X.520 allows.
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, registry[:64]),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{registry[:42]}, document signing"),
        ]
    )
    begin = max(now - _BACKDATED, authority.not_valid_before_utc)
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,  # what is signed is meant, not merely passed on
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(min(begin + timedelta(days=days), authority.not_valid_after_utc))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([DOCUMENT_SIGNING]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    return DocumentCertificate(certificate, key)
