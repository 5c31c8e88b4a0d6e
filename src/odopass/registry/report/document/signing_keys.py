"""Where the key is that documents are signed with: a PKCS#12 file, PEM files, or a PKCS#11 token.

Passphrases and PINs come from a file or an environment variable, never from a command line, where every user of the
machine could read them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from asn1crypto import keys as asn1_keys  # type: ignore[import-untyped]
from asn1crypto import pem as asn1_pem
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from pyhanko.sign.signers import Signer, SimpleSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore

from odopass.registry.accounts.secret import Secret

PrivateKey: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

_HASHES: Final = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}


class UnusableKeyError(Exception):
    """The key to sign with cannot be had, or is not the certificate's; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Pkcs12File:
    """A file with key and certificates (.p12, .pfx).

    Attributes:
        path: the file.
        passphrase: of the file; None if it has none.
    """

    path: Path
    passphrase: Secret | None = None


@dataclass(frozen=True, slots=True)
class PemFiles:
    """Key and certificates in PEM files, which may be one file.

    Attributes:
        key: the file with the private key.
        chain: the file with the certificate, followed by those of the authorities above it.
        passphrase: of the key; None if it is not encrypted.
    """

    key: Path
    chain: Path
    passphrase: Secret | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """A key in a PKCS#11 token (a smart card, a security module) that never leaves it.

    Attributes:
        module: the token maker's library.
        token: the token's label.
        key: the label of the key, which is that of its certificate too unless `certificate` says otherwise.
        pin: of the token's user.
        certificate: the label of the certificate in the token.
        chain: a PEM file with the certificates of the authorities above it; None if none are to be embedded.
    """

    module: Path
    token: str
    key: str
    pin: Secret
    certificate: str | None = None
    chain: Path | None = None


KeySource: TypeAlias = Pkcs12File | PemFiles | Token


def secret_from_file(path: Path) -> Secret:
    """A passphrase or PIN from a file, without the line's end.

    Raises:
        UnusableKeyError: the file cannot be read.
    """
    try:
        return Secret(path.read_text("utf-8").rstrip("\r\n"))
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableKeyError(f"The passphrase or PIN cannot be read from {path}: {error}.") from error


def secret_from_environment(name: str) -> Secret:
    """A passphrase or PIN from an environment variable.

    Raises:
        UnusableKeyError: there is no such variable.
    """
    try:
        return Secret(os.environ[name])
    except KeyError:
        raise UnusableKeyError(f"The environment variable {name} is not set; it holds the passphrase or PIN.") from None


def open_key(source: KeySource) -> Signer:
    """Make the key ready to sign.

    Raises:
        UnusableKeyError: it cannot be had, or is not the certificate's.
    """
    if isinstance(source, Pkcs12File):
        return _from_pkcs12(source)
    if isinstance(source, PemFiles):
        return _from_pem(source)
    return _from_token(source)


class _LoadedKey(SimpleSigner):
    """A signer that keeps its key loaded, instead of reading and checking it anew for each document."""

    def __init__(self, key: PrivateKey, certificate: x509.Certificate, chain: Iterable[x509.Certificate]) -> None:
        if key.public_key() != certificate.public_key():
            raise UnusableKeyError("The private key is not that of the certificate.")
        stored = SimpleCertificateStore()  # type: ignore[no-untyped-call]
        stored.register_multiple([_asn1(each) for each in chain])
        der = key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        super().__init__(
            signing_cert=_asn1(certificate),
            signing_key=asn1_keys.PrivateKeyInfo.load(der),
            cert_registry=stored,
            embed_roots=False,
        )
        self._key = key

    def sign_raw(self, data: bytes, digest_algorithm: str) -> bytes:
        """Sign with the key as it is in memory."""
        digest = _HASHES[digest_algorithm]
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(data, padding.PKCS1v15(), digest)
        return self._key.sign(data, ec.ECDSA(digest))


def _from_pkcs12(source: Pkcs12File) -> Signer:
    try:
        key, certificate, chain = pkcs12.load_key_and_certificates(source.path.read_bytes(), _bytes(source.passphrase))
    except (OSError, ValueError) as error:
        raise UnusableKeyError(f"{source.path} cannot be read, or the passphrase is wrong: {error}.") from error
    if certificate is None:
        raise UnusableKeyError(f"{source.path} has no certificate.")
    return _LoadedKey(_usable(key, source.path), certificate, chain)


def _from_pem(source: PemFiles) -> Signer:
    try:
        key = serialization.load_pem_private_key(source.key.read_bytes(), _bytes(source.passphrase))
        chain = x509.load_pem_x509_certificates(source.chain.read_bytes())
    except (OSError, ValueError, TypeError) as error:
        raise UnusableKeyError(
            f"{source.key} or {source.chain} cannot be read, or the passphrase is wrong: {error}."
        ) from error
    return _LoadedKey(_usable(key, source.key), chain[0], chain[1:])


def _from_token(source: Token) -> Signer:
    try:
        import pkcs11  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415 - only those who have a token need the library
        from pyhanko.config.pkcs11 import TokenCriteria  # noqa: PLC0415
        from pyhanko.sign.pkcs11 import PKCS11Signer, open_pkcs11_session  # noqa: PLC0415
    except ImportError as error:
        raise UnusableKeyError(
            "Signing with a PKCS#11 token needs the package python-pkcs11: pip install 'odopass[pkcs11]'."
        ) from error
    try:
        session = open_pkcs11_session(
            str(source.module), token_criteria=TokenCriteria(label=source.token), user_pin=source.pin.reveal()
        )
        signer = PKCS11Signer(
            session,
            cert_label=source.certificate or source.key,
            key_label=source.key,
            other_certs_to_pull=(),
            embed_roots=False,
        )
        signer.cert_registry.register_multiple(_pem_certificates(source.chain))
        _ = signer.signing_cert  # looks for the certificate and the key now
    except (pkcs11.exceptions.PKCS11Error, RuntimeError, OSError, ValueError) as error:
        reason = str(error) or type(error).__name__
        raise UnusableKeyError(
            f"The key {source.key!r} in the token {source.token!r} cannot be used through {source.module}: {reason}."
        ) from error
    return signer


def _usable(key: object, path: Path) -> PrivateKey:
    if isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        return key
    raise UnusableKeyError(f"{path} has no RSA or elliptic-curve key.")


def _pem_certificates(path: Path | None) -> Sequence[asn1_x509.Certificate]:
    if path is None:
        return ()
    return [asn1_x509.Certificate.load(der) for _, _, der in asn1_pem.unarmor(path.read_bytes(), multiple=True)]


def _asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))


def _bytes(passphrase: Secret | None) -> bytes | None:
    return None if passphrase is None else passphrase.reveal().encode()
