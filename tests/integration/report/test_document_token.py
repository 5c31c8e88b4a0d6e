from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from tests.pdf import cases, tools
from tests.pdf.signers import authority, document_certificate

from odopass.registry.accounts.secret import Secret
from odopass.registry.report.document.signing import DocumentSigner
from odopass.registry.report.document.signing_keys import Token, UnusableKeyError, secret_from_environment
from odopass.registry.report.document.typesetting import render
from odopass.registry.report.document.verifying import Verified, verify

MODULES = [
    Path("/usr/lib/softhsm/libsofthsm2.so"),
    *Path("/usr/lib").glob("*/softhsm/libsofthsm2.so"),
    Path("/usr/lib64/pkcs11/libsofthsm2.so"),
]
PIN = "4711"


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Token:
    """A token in software, with a document certificate and its key."""
    pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed; it is the extra odopass[pkcs11]")
    module = next((path for path in MODULES if path.exists()), None)
    if module is None:
        tools.missing("SoftHSM is not installed")
    folder = tmp_path / "tokens"
    folder.mkdir()
    configuration = tmp_path / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {folder}\nlog.level = ERROR\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(configuration))
    tools.run(
        "softhsm2-util", "--init-token", "--free", "--label", "registry", "--pin", PIN, "--so-pin", "0815",
        environment={"SOFTHSM2_CONF": str(configuration)},
    )  # fmt: skip
    _store(module)
    monkeypatch.setenv("ODOPASS_TEST_PIN", PIN)
    return Token(module, "registry", "documents", secret_from_environment("ODOPASS_TEST_PIN"))


def _store(module: Path) -> None:
    """Put the key and the certificate into the token."""
    from pkcs11 import Attribute, ObjectClass, lib
    from pkcs11.util.rsa import decode_rsa_private_key
    from pkcs11.util.x509 import decode_x509_certificate

    own = document_certificate()
    der = serialization.Encoding.DER
    key = own.key.private_bytes(der, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
    library = lib(str(module))
    library.reinitialize()  # the configuration is this test's own
    with library.get_token(token_label="registry").open(rw=True, user_pin=PIN) as session:
        described = decode_rsa_private_key(key)
        described |= {Attribute.TOKEN: True, Attribute.LABEL: "documents", Attribute.ID: b"1", Attribute.SIGN: True}
        session.create_object(described)
        described = decode_x509_certificate(own.certificate.public_bytes(der))
        described |= {Attribute.TOKEN: True, Attribute.LABEL: "documents", Attribute.ID: b"1"}
        described[Attribute.CLASS] = ObjectClass.CERTIFICATE
        session.create_object(described)


@pytest.mark.requirement("R11")
def test_a_key_in_a_token_signs_and_never_leaves_it(token: Token) -> None:
    pdf = render(cases.view("one"), made_at=cases.MADE_AT)
    own = DocumentSigner(token)
    signed = own.sign(pdf, made_at=cases.MADE_AT, reason="Vehicle history")
    assert isinstance(verify(signed, [authority().certificate], moment=cases.MADE_AT), Verified)
    assert own.sign(pdf, made_at=cases.MADE_AT, reason="Vehicle history") == signed

    # In the same process: a token's library is loaded once for the life of it.
    with pytest.raises(UnusableKeyError, match="'documents' in the token 'registry'") as told:
        DocumentSigner(Token(token.module, "registry", "documents", Secret("0000")))
    assert "0000" not in str(told.value)
    with pytest.raises(UnusableKeyError, match="no-such-token"):
        DocumentSigner(Token(token.module, "no-such-token", "documents", token.pin))
    with pytest.raises(UnusableKeyError, match="no-such-key"):
        DocumentSigner(Token(token.module, "registry", "no-such-key", token.pin))
