from __future__ import annotations

import socket
import ssl
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from odopass.registry.serving.tls import server_context
from odopass.sandbox.certificates import Certificates, ensure_certificates

NOW = datetime.now(UTC)


def handshake(certificates: Certificates, name: str, *, suites: str | None = None) -> str:
    """Connect as a strict client; return the name of the suite that was agreed on."""
    trust = ssl.create_default_context(cafile=str(certificates.authority))
    trust.verify_flags |= ssl.VERIFY_X509_STRICT
    if suites is not None:
        trust.maximum_version = ssl.TLSVersion.TLSv1_2
        trust.set_ciphers(suites)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        context = server_context(certificates.server)

        def serve() -> None:
            try:
                context.wrap_socket(ours, server_side=True).close()
            except OSError:
                return  # the client turned away, which is what it is asked to tell

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            with trust.wrap_socket(theirs, server_hostname=name) as encrypted:
                cipher = encrypted.cipher()
        finally:
            theirs.close()
            thread.join()
    assert cipher is not None
    return cipher[0]


def first_certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


@pytest.mark.requirement("W19")
@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1"])
@pytest.mark.parametrize("kind", ["RSA", "ECDSA"])
def test_strict_clients_believe_it_by_any_name_of_this_machine(tmp_path: Path, name: str, kind: str) -> None:
    certificates = ensure_certificates(tmp_path / "tls", NOW)
    suite = f"ECDHE-{kind}-AES128-GCM-SHA256"
    assert handshake(certificates, name, suites=suite) == suite
    assert handshake(certificates, name).startswith("TLS_")


def test_nobody_believes_it_by_another_name(tmp_path: Path) -> None:
    certificates = ensure_certificates(tmp_path / "tls", NOW)
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(certificates, "registry.test")


def test_nothing_changes_as_long_as_nothing_nears_its_end(tmp_path: Path) -> None:
    ensure_certificates(tmp_path, NOW)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    ensure_certificates(tmp_path, NOW + timedelta(days=300))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_server_s_certificates_are_renewed_before_they_end_and_the_authority_stays(tmp_path: Path) -> None:
    first = ensure_certificates(tmp_path, NOW - timedelta(days=320))
    authority = first.authority.read_bytes()
    ends = [first_certificate(each.chain).not_valid_after_utc for each in first.server]
    second = ensure_certificates(tmp_path, NOW)
    assert second.authority.read_bytes() == authority
    assert all(
        first_certificate(each.chain).not_valid_after_utc > end for each, end in zip(second.server, ends, strict=True)
    )
    assert handshake(second, "localhost").startswith("TLS_")


@pytest.mark.parametrize("name", ["server-rsa.pem", "server-ecdsa.pem", "ca.pem"])
@pytest.mark.parametrize("damage", [b"", b"not a certificate", None])
def test_a_file_that_is_damaged_or_gone_is_made_anew_and_the_authority_stays(
    tmp_path: Path, name: str, damage: bytes | None
) -> None:
    authority = ensure_certificates(tmp_path, NOW).authority.read_bytes()
    if damage is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(damage)
    again = ensure_certificates(tmp_path, NOW)
    assert again.authority.read_bytes() == authority
    assert handshake(again, "127.0.0.1").startswith("TLS_")


def test_without_its_authority_everything_is_made_anew(tmp_path: Path) -> None:
    before = ensure_certificates(tmp_path, NOW).authority.read_bytes()
    (tmp_path / "authority.pem").unlink()
    again = ensure_certificates(tmp_path, NOW)
    assert again.authority.read_bytes() != before
    assert handshake(again, "localhost").startswith("TLS_")


def test_after_the_clock_was_put_back_the_certificates_are_good_nevertheless(tmp_path: Path) -> None:
    ensure_certificates(tmp_path, NOW + timedelta(days=100))
    assert handshake(ensure_certificates(tmp_path, NOW), "localhost").startswith("TLS_")


def test_only_the_owner_reads_keys(tmp_path: Path) -> None:
    ensure_certificates(tmp_path / "tls", NOW)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "tls").iterdir()}
    assert modes.pop("ca.pem") == 0o644
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE((tmp_path / "tls").stat().st_mode) == 0o700


def test_the_authority_can_speak_for_this_machine_alone(tmp_path: Path) -> None:
    authority = first_certificate(ensure_certificates(tmp_path, NOW).authority)
    names = authority.extensions.get_extension_for_class(x509.NameConstraints)
    assert names.critical
    permitted = names.value.permitted_subtrees or ()
    assert {str(each.value) for each in permitted} == {"localhost", "127.0.0.0/8", "::1/128"}
