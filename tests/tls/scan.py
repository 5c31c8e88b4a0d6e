"""A server's TLS as sslyze finds it: every version, every suite, and the known weaknesses."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

_SSLYZE = Path(sys.prefix) / "scanners" / "bin" / "sslyze"
_OLD = ("ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1")
_ASKED = (
    "--sslv2", "--sslv3", "--tlsv1", "--tlsv1_1", "--tlsv1_2", "--tlsv1_3", "--reneg", "--heartbleed", "--openssl_ccs",
    "--compression", "--robot", "--fallback", "--certinfo",
)  # fmt: skip

#: What TLS 1.3 has and OpenSSL offers unasked.
SUITES_OF_1_3 = {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}


@dataclass(frozen=True)
class Scan:
    """What was found.

    Attributes:
        suites: the accepted ones of TLS 1.2 by OpenSSL's names.
        suites_1_3: those of TLS 1.3.
        old: accepted suites of versions before 1.2.
        weak: names of the weaknesses found.
        key_kinds: of the certificates that were shown.
    """

    suites: set[str]
    suites_1_3: set[str]
    old: set[str]
    weak: set[str]
    key_kinds: set[str]


def scan(address: str, folder: Path, name: str = "localhost") -> Scan:
    """Scan `host:port`, asking for a name as all clients do.

    Skips the test where sslyze is not installed; `make test` installs it.
    """
    if not _SSLYZE.exists():
        pytest.skip("sslyze is not installed: run `make test`, or tools/make-scanners.sh")
    found = folder / "scan.json"
    command = [
        str(_SSLYZE),
        "--mozilla_config",
        "disable",
        "--quiet",
        "--sni",
        name,
        "--json_out",
        str(found),
        *_ASKED,
        address,
    ]
    subprocess.run(command, check=True, timeout=300, capture_output=True)
    (server,) = json.loads(found.read_text())["server_scan_results"]
    assert server["scan_status"] == "COMPLETED", server
    attempts = server["scan_result"]
    results: dict[str, Any] = {name: each["result"] for name, each in attempts.items() if each["status"] == "COMPLETED"}
    assert all(each["status"] != "ERROR" for each in attempts.values()), attempts
    weaknesses = {
        "compression": results["tls_compression"]["supports_compression"],
        "heartbleed": results["heartbleed"]["is_vulnerable_to_heartbleed"],
        "early change of cipher": results["openssl_ccs_injection"]["is_vulnerable_to_ccs_injection"],
        "renegotiation by clients": results["session_renegotiation"]["is_vulnerable_to_client_renegotiation_dos"],
        "insecure renegotiation": not results["session_renegotiation"]["supports_secure_renegotiation"],
        "robot": not results["robot"]["robot_result"].startswith("NOT_VULNERABLE"),
        "downgrade": not results["tls_fallback_scsv"]["supports_fallback_scsv"],
    }
    return Scan(
        _suites(results["tls_1_2_cipher_suites"]),
        _suites(results["tls_1_3_cipher_suites"]),
        {suite for version in _OLD for suite in _suites(results[f"{version}_cipher_suites"])},
        {name for name, is_there in weaknesses.items() if is_there},
        {
            deployment["received_certificate_chain"][0]["public_key"]["algorithm"]
            for deployment in results["certificate_info"]["certificate_deployments"]
        },
    )


def _suites(result: dict[str, Any]) -> set[str]:
    return {each["cipher_suite"]["openssl_name"] for each in result["accepted_cipher_suites"]}
