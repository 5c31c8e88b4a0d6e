"""Look up what is known against the versions that requirements.lock names: `python -m tools.audit`.

Exit codes: 0 nothing is known, or the advisories cannot be reached, which is said; 1 something is known. With
--tell-only it is told and the code is 0: a build must not break because of what was published overnight.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
_HOW = ("--require-hashes", "--disable-pip", "-f", "json", "--progress-spinner", "off")
_PATIENCE_SECONDS = 300


def found_in(report: str) -> dict[str, list[str]] | None:
    """The advisories by package and version of a report of pip-audit; None if it says nothing about any package."""
    try:
        looked_up = [each for each in json.loads(report)["dependencies"] if "skip_reason" not in each]
    except (ValueError, KeyError, TypeError):
        return None
    if not looked_up:
        return None
    return {
        f"{each['name']} {each['version']}": [
            f"{known['id']}, mended in {', '.join(known['fix_versions']) or 'no version yet'}"
            for known in each["vulns"]
        ]
        for each in looked_up
        if each["vulns"]
    }


def main(arguments: list[str]) -> int:
    """Look up and tell."""
    program = Path(sys.prefix) / "scanners" / "bin" / "pip-audit"
    if not program.exists():
        sys.stderr.write("NOT AUDITED: pip-audit is not installed. Run `make audit`.\n")
        return 0
    command = [str(program), "-r", str(ROOT / "requirements.lock"), *_HOW]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PATIENCE_SECONDS)
        found, reason = found_in(done.stdout), done.stderr.strip().rpartition("\n")[2]
    except subprocess.TimeoutExpired:
        found, reason = None, f"no answer within {_PATIENCE_SECONDS} s"
    if found is None:
        sys.stderr.write(f"NOT AUDITED: the advisories could not be reached ({reason}). Run `make audit` later.\n")
        return 0
    for package, advisories in found.items():
        for advisory in advisories:
            sys.stdout.write(f"{package}: {advisory}\n")
    sys.stdout.write(f"{len(found)} of the locked packages have known weaknesses.\n")
    return 1 if found and "--tell-only" not in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
