from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from asn1crypto import keys, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore
from tests.pdf import cases
from tests.pdf.signers import REGISTRY, authority, document_certificate, signer, signer_of

from odopass.registry.accounts.secret import Secret
from odopass.registry.report.document.certifying import DOCUMENT_SIGNING, DocumentCertificate
from odopass.registry.report.document.producing import DocumentProducer
from odopass.registry.report.document.signing import DocumentSigner
from odopass.registry.report.document.signing_keys import (
    PemFiles,
    Pkcs12File,
    UnusableKeyError,
    secret_from_environment,
    secret_from_file,
)
from odopass.registry.report.document.typesetting import render
from odopass.registry.report.document.verifying import LARGEST, Broken, Fault, Verdict, Verified, verify

pytestmark = pytest.mark.requirement("R11")


@cache
def unsigned() -> bytes:
    return render(cases.view("none"), made_at=cases.MADE_AT)


@cache
def signed() -> bytes:
    return signer().sign(unsigned(), made_at=cases.MADE_AT, reason="Vehicle history")


def verdict(pdf: bytes, **more: timedelta) -> Verdict:
    return verify(pdf, [authority().certificate], moment=cases.MADE_AT + more.get("later", timedelta()))


def fault(pdf: bytes, **more: timedelta) -> Fault:
    found = verdict(pdf, **more)
    assert isinstance(found, Broken)
    return found.fault


def test_a_signed_document_is_genuine_and_says_who_signed_it_and_when() -> None:
    assert verdict(signed()) == Verified(f"{REGISTRY}, document signing", cases.MADE_AT, time_stamped=False)


def test_what_was_signed_stands_in_the_file_unchanged() -> None:
    assert signed().startswith(unsigned())


def test_the_same_document_signed_twice_is_the_same() -> None:
    again = signer_of(document_certificate().pem()).sign(unsigned(), made_at=cases.MADE_AT, reason="Vehicle history")
    assert again == signed()


def test_one_changed_bit_anywhere_shows() -> None:
    pdf = signed()
    chance = random.Random(20_261_123)
    start = pdf.index(b"/Contents <")
    end = pdf.index(b">", start)
    # The signature's own text too, which a signature cannot cover, with the zeros that fill it up.
    places = [*range(start, start + 24), *range(end - 24, end + 4), *chance.sample(range(len(pdf)), 120)]
    for place in places:
        for bit in (chance.choice([1, 2, 4, 8, 16, 64]), 32):
            changed = pdf[:place] + bytes([pdf[place] ^ bit]) + pdf[place + 1 :]
            assert isinstance(verdict(changed), Broken), f"bit {bit} of byte {place}"


def test_something_added_or_cut_off_shows() -> None:
    assert fault(signed() + b"\n") is Fault.CHANGED
    assert fault(signed() + signed()[len(unsigned()) :]) in {Fault.CHANGED, Fault.UNREADABLE}
    assert isinstance(verdict(signed()[:-30]), Broken)


def test_a_document_that_was_signed_again_is_not_genuine() -> None:
    with pytest.raises(Exception, match=r"(?i)certif|sign|modif"):
        signer().sign(signed(), made_at=cases.MADE_AT, reason="again")


def test_a_document_without_signature_and_a_file_that_is_none_are_told_apart() -> None:
    assert fault(unsigned()) is Fault.NOT_SIGNED
    assert fault(b"GIF89a") is Fault.UNREADABLE
    assert fault(b"") is Fault.UNREADABLE
    assert fault(b"%PDF-1.7\n" + b" " * LARGEST) is Fault.UNREADABLE


def test_only_authorities_that_are_trusted_count() -> None:
    found = verify(signed(), [document_certificate().certificate], moment=cases.MADE_AT)
    assert isinstance(found, Verified)  # trusting the certificate itself is trust too
    found = verify(signed(), [], moment=cases.MADE_AT)
    assert isinstance(found, Broken)
    assert found.fault is Fault.NOT_TRUSTED


def test_a_certificate_whose_time_is_over_does_not_count() -> None:
    assert fault(signed(), later=timedelta(days=1_200)) is Fault.NOT_TRUSTED


def test_a_servers_certificate_of_the_same_authority_signs_no_documents() -> None:
    forged = signer_of(authority().server_pem).sign(unsigned(), made_at=cases.MADE_AT, reason="Vehicle history")
    assert fault(forged) is Fault.NOT_TRUSTED


def test_a_document_certificate_is_for_documents_and_ends_before_its_authority() -> None:
    certificate = authority().issue(days=100_000).certificate
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.content_commitment
    assert usage.digital_signature
    assert not usage.key_cert_sign
    purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(purposes) == [DOCUMENT_SIGNING]
    assert certificate.not_valid_after_utc == authority().certificate.not_valid_after_utc
    certificate.verify_directly_issued_by(authority().certificate)


@pytest.fixture(scope="module")
def certificate() -> DocumentCertificate:
    return document_certificate()


def test_a_key_may_be_in_a_pkcs12_file(certificate: DocumentCertificate, tmp_path: Path) -> None:
    path = tmp_path / "key.p12"
    path.write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"documents",
            certificate.key,
            certificate.certificate,
            [authority().certificate],
            serialization.BestAvailableEncryption(b"open sesame"),
        )
    )
    own = DocumentSigner(Pkcs12File(path, Secret("open sesame")))
    assert isinstance(verdict(own.sign(unsigned(), made_at=cases.MADE_AT, reason="x")), Verified)
    with pytest.raises(UnusableKeyError, match="passphrase is wrong") as told:
        DocumentSigner(Pkcs12File(path, Secret("swordfish")))
    assert "swordfish" not in str(told.value)


def test_a_key_in_a_pem_file_may_be_encrypted(certificate: DocumentCertificate, tmp_path: Path) -> None:
    key, chain = tmp_path / "key.pem", tmp_path / "chain.pem"
    key.write_bytes(
        certificate.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"open sesame"),
        )
    )
    chain.write_bytes(certificate.certificate.public_bytes(serialization.Encoding.PEM))
    (tmp_path / "passphrase").write_text("open sesame\n")
    own = DocumentSigner(PemFiles(key, chain, secret_from_file(tmp_path / "passphrase")))
    assert isinstance(verdict(own.sign(unsigned(), made_at=cases.MADE_AT, reason="x")), Verified)
    with pytest.raises(UnusableKeyError):
        DocumentSigner(PemFiles(key, chain))


def test_an_elliptic_curve_key_signs_as_well() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = x509.CertificateBuilder(extensions=list(document_certificate().certificate.extensions)[:2])
    own = (
        builder.subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "EC")]))
        .issuer_name(authority().certificate.subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(cases.MADE_AT - timedelta(days=1))
        .not_valid_after(cases.MADE_AT + timedelta(days=1))
        .sign(authority().key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + own.public_bytes(serialization.Encoding.PEM)
    with_curve = signer_of(pem)
    for _ in range(20):  # its signatures differ in length
        assert isinstance(verdict(with_curve.sign(unsigned(), made_at=cases.MADE_AT, reason="x")), Verified)


def test_a_key_that_is_not_the_certificates_is_refused() -> None:
    other = rsa.generate_private_key(65_537, 2_048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with pytest.raises(UnusableKeyError, match="not that of the certificate"):
        signer_of(other + document_certificate().certificate.public_bytes(serialization.Encoding.PEM))


def test_a_passphrase_that_cannot_be_had_is_told_by_where_it_should_be(tmp_path: Path) -> None:
    with pytest.raises(UnusableKeyError, match="ODOPASS_NO_SUCH_PIN"):
        secret_from_environment("ODOPASS_NO_SUCH_PIN")
    with pytest.raises(UnusableKeyError, match="no-such-file"):
        secret_from_file(tmp_path / "no-such-file")


@pytest.fixture
def time_stamping_service() -> Iterator[str]:
    """A service on this machine that vouches for the moment, under the test's authority."""
    key = rsa.generate_private_key(65_537, 2_048)
    own = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Clock")]))
        .issuer_name(authority().certificate.subject)
        .public_key(key.public_key())
        .serial_number(8)
        .not_valid_before(cases.MADE_AT - timedelta(days=1))
        .not_valid_after(cases.MADE_AT + timedelta(days=100))
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .sign(authority().key, hashes.SHA256())
    )
    der, private = serialization.Encoding.DER, serialization.PrivateFormat.PKCS8
    stamper = DummyTimeStamper(
        asn1_x509.Certificate.load(own.public_bytes(der)),
        keys.PrivateKeyInfo.load(key.private_bytes(der, private, serialization.NoEncryption())),
        SimpleCertificateStore(),
        fixed_dt=cases.MADE_AT + timedelta(seconds=2),
    )

    class Service(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = tsp.TimeStampReq.load(self.rfile.read(int(self.headers["Content-Length"])))
            answer = stamper.request_tsa_response(asked).dump()
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            pass

    with HTTPServer(("127.0.0.1", 0), Service) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_a_time_stamping_service_vouches_for_the_moment(time_stamping_service: str) -> None:
    own = signer_of(document_certificate().pem(), timestamp_url=time_stamping_service)
    stamped = own.sign(unsigned(), made_at=cases.MADE_AT, reason="x")
    found = verdict(stamped)
    assert isinstance(found, Verified)
    assert found.time_stamped
    assert found.signed_at == cases.MADE_AT + timedelta(seconds=2)


async def test_documents_are_produced_beside_each_other() -> None:
    view = cases.view("one")
    with DocumentProducer(signer(), threads=2) as producer:
        await producer.warm_up(view, made_at=cases.MADE_AT)
        first = await producer.produce(view, made_at=cases.MADE_AT)
        second = await producer.produce(view, made_at=cases.MADE_AT)
    assert first == second
    assert isinstance(await asyncio.to_thread(verdict, first), Verified)
    with DocumentProducer(None) as producer:
        assert await producer.produce(view, made_at=cases.MADE_AT) == render(view, made_at=cases.MADE_AT)
