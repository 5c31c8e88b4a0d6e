"""A certificate authority of the sandbox's own, and the server's certificates that it signs.

The authority stays the same for the life of the folder, so that a DMS can be told once to trust it. By its name
constraints it can speak for nothing but this machine: whoever adds it to a system's trusted authorities risks little.
A certificate and its key are one file, so that no crash can leave two that do not belong together.
"""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, TypeAlias

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from odopass.registry.report.document.certifying import issue_document_certificate
from odopass.registry.serving.tls import Certificate

_Key: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

#: The name of the registry, on reports and as their signer.
REGISTRY: Final = "Odometer registry (sandbox)"

_AUTHORITY_DAYS: Final = 20 * 365
_SERVER_DAYS: Final = 397  # clients that follow the rules for public authorities refuse more
_RENEW_DAYS_BEFORE: Final = 90
#: Clocks of the machines that talk to us may be a little behind.
_BACKDATED: Final = timedelta(days=2)
_RSA_BITS: Final = 2_048
_AUTHORITY_RSA_BITS: Final = 3_072
_PUBLIC_EXPONENT: Final = 65_537

_NAMES: Final = (
    x509.DNSName("localhost"),
    x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    x509.IPAddress(ipaddress.ip_address("::1")),
)
_MAY_SPEAK_FOR: Final = (
    x509.DNSName("localhost"),
    x509.IPAddress(ipaddress.ip_network("127.0.0.0/8")),
    x509.IPAddress(ipaddress.ip_network("::1/128")),
)


@dataclass(frozen=True, slots=True)
class Certificates:
    """What a sandbox shows and what its clients trust.

    Attributes:
        authority: the file with the authority's certificate, for clients.
        server: the server's certificates, one with an RSA key and one with an ECDSA key.
        documents: key and certificate that reports are signed with, followed by the authority's certificate.
    """

    authority: Path
    server: tuple[Certificate, ...]
    documents: Path


@dataclass(frozen=True, slots=True)
class _Pair:
    key: _Key
    certificate: x509.Certificate

    def fits(self) -> bool:
        return self.key.public_key() == self.certificate.public_key()


def ensure_certificates(folder: Path, now: datetime) -> Certificates:
    """The certificates in a folder: made when they are missing, the server's renewed when they near their end.

    Args:
        folder: of the certificates alone; it is made if it does not exist, for this user only.
        now: the present moment, with time zone.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = folder / "authority.pem"
    authority = _read(kept)
    if authority is None or _days_left(authority, now) < _SERVER_DAYS:
        authority = _make_authority(now)
        _write(kept, _pem(authority.key), _pem(authority.certificate))
    public = folder / "ca.pem"
    text = _pem(authority.certificate)
    if not public.exists() or public.read_bytes() != text:
        _write(public, text, mode=0o644)
    server = []
    for kind in ("rsa", "ecdsa"):
        path = folder / f"server-{kind}.pem"
        pair = _read(path)
        if pair is None or _days_left(pair, now) < _RENEW_DAYS_BEFORE or not _signed_by(authority, pair):
            pair = _make_server(kind, authority, now)
            _write(path, _pem(pair.key), _pem(pair.certificate), text)
        server.append(Certificate(path, path))
    documents = folder / "documents.pem"
    pair = _read(documents)
    if pair is None or _days_left(pair, now) < _RENEW_DAYS_BEFORE or not _signed_by(authority, pair):
        issued = issue_document_certificate(authority.certificate, authority.key, registry=REGISTRY, now=now)
        _write(documents, issued.pem(), text)
    return Certificates(public, tuple(server), documents)


def expired_certificates(folder: Path, now: datetime) -> tuple[Certificate, ...]:
    """Certificates of the server's keys whose time is over, to be shown on purpose.

    Args:
        folder: in which `ensure_certificates` has put the good ones.
        now: the present moment, with time zone.

    Raises:
        OSError: the folder cannot be written.
    """
    authority = _read(folder / "authority.pem")
    if authority is None:
        raise FileNotFoundError(folder / "authority.pem")
    return _shown_on_purpose(folder, "expired", authority, now - timedelta(days=_SERVER_DAYS + 3))


def strange_certificates(folder: Path, now: datetime) -> tuple[Certificate, ...]:
    """Certificates of the server's keys by an authority that is forgotten at once, to be shown on purpose.

    Args:
        folder: in which `ensure_certificates` has put the good ones.
        now: the present moment, with time zone.

    Raises:
        OSError: the folder cannot be written.
    """
    return _shown_on_purpose(folder, "strange", _make_authority(now, "an authority that nobody knows"), now)


def _shown_on_purpose(folder: Path, word: str, authority: _Pair, now: datetime) -> tuple[Certificate, ...]:
    made = []
    for kind in ("rsa", "ecdsa"):
        good = _read(folder / f"server-{kind}.pem")
        if good is None:
            raise FileNotFoundError(folder / f"server-{kind}.pem")
        pair = _certify_server(good.key, authority, now)
        path = folder / f"{word}-{kind}.pem"
        _write(path, _pem(pair.key), _pem(pair.certificate), _pem(authority.certificate))
        made.append(Certificate(path, path))
    return tuple(made)


def _make_authority(now: datetime, name_of_it: str = "odopass sandbox, tests only") -> _Pair:
    # RSA: every client of whatever age can check its signature.
    key = rsa.generate_private_key(_PUBLIC_EXPONENT, _AUTHORITY_RSA_BITS)
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "odopass sandbox"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{name_of_it}, made {now:%Y-%m-%d %H:%M:%S}"),
        ]
    )
    builder = (
        _builder(name, name, key, now, _AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(certificates=True), critical=True)
        .add_extension(x509.NameConstraints(list(_MAY_SPEAK_FOR), None), critical=True)
    )
    return _Pair(key, builder.sign(key, hashes.SHA256()))


def _make_server(kind: str, authority: _Pair, now: datetime) -> _Pair:
    key: _Key
    if kind == "rsa":
        key = rsa.generate_private_key(_PUBLIC_EXPONENT, _RSA_BITS)
    else:
        key = ec.generate_private_key(ec.SECP256R1())
    return _certify_server(key, authority, now)


def _certify_server(key: _Key, authority: _Pair, now: datetime) -> _Pair:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    builder = (
        _builder(name, authority.certificate.subject, key, now, _SERVER_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(certificates=False, exchanges_keys=isinstance(key, rsa.RSAPrivateKey)), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(list(_NAMES)), critical=False)
        .add_extension(issuer_key, critical=False)
    )
    return _Pair(key, builder.sign(authority.key, hashes.SHA256()))


def _builder(subject: x509.Name, issuer: x509.Name, key: _Key, now: datetime, days: int) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now - _BACKDATED + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, certificates: bool, exchanges_keys: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates,
        key_encipherment=exchanges_keys,
        key_cert_sign=certificates,
        crl_sign=certificates,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _read(path: Path) -> _Pair | None:
    """The key and the first certificate in a file; None if there is no such file, or it is damaged."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        key = serialization.load_pem_private_key(content, None)
        certificate = x509.load_pem_x509_certificate(content)
    except (ValueError, TypeError):
        return None
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        return None
    pair = _Pair(key, certificate)
    return pair if pair.fits() else None


def _signed_by(authority: _Pair, pair: _Pair) -> bool:
    try:
        pair.certificate.verify_directly_issued_by(authority.certificate)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _days_left(pair: _Pair, now: datetime) -> float:
    """How long a certificate is still good for; below zero if its time is over or, the clock put back, yet to come."""
    if now < pair.certificate.not_valid_before_utc:
        return -1
    return (pair.certificate.not_valid_after_utc - now) / timedelta(days=1)


def _pem(item: _Key | x509.Certificate) -> bytes:
    if isinstance(item, x509.Certificate):
        return item.public_bytes(serialization.Encoding.PEM)
    return item.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, *parts: bytes, mode: int = 0o600) -> None:
    """Write a file whole or not at all; nobody can read a key meanwhile."""
    unfinished = path.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    fd = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(fd, "wb") as file:
        os.fchmod(fd, mode)
        file.write(b"".join(parts))
        file.flush()
        os.fsync(fd)
    unfinished.replace(path)
