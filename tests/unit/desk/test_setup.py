from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from odopass.registry.desk.setup import DeskSetup, read_desk_setup
from odopass.registry.employees.employees import Role
from odopass.registry.postgres import ExplainedError

pytestmark = pytest.mark.requirement("R7")

WHOLE = """
registry = "Registry of Odometers"
address = ["Street 1", "1000 Brussels"]
[sessions]
idle_minutes = 15
longest_hours = 8
[openid]
issuer = "https://login.example"
client_id = "desk"
client_secret_file = "secret"
roles_claim = "realm_access.roles"
roles = { km-review = "reviewer" }
[mail]
host = "mail.example"
sender = "registry@example.org"
username = "registry"
password_file = "secret"
"""


def written(folder: Path, text: str) -> Path:
    (folder / "secret").write_text("s3cret\n")
    file = folder / "desk.toml"
    file.write_text(text)
    return file


def test_without_a_file_there_are_passwords_and_no_mail() -> None:
    assert read_desk_setup(None) == DeskSetup()


def test_a_whole_file_is_read_and_secrets_come_from_files_beside_it(tmp_path: Path) -> None:
    setup = read_desk_setup(written(tmp_path, WHOLE))
    assert setup.limits.idle == timedelta(minutes=15)
    assert setup.openid is not None
    assert (setup.openid.client_secret, setup.openid.roles) == ("s3cret", {"km-review": Role.REVIEWER})
    assert setup.mail is not None
    assert (setup.mail.password, setup.mail.port, setup.mail.security) == ("s3cret", 587, "starttls")
    assert "s3cret" not in repr(setup.mail)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x = 1", "x"),
        ("registry = 1", "registry"),
        ("[sessions]\nidle_minutes = 0", "sessions.idle_minutes"),
        (WHOLE.replace('"reviewer"', '"chief"'), "openid.roles.km-review"),
        (WHOLE.replace('client_secret_file = "secret"', 'client_secret_file = "nowhere"'), "nowhere"),
        ("[mail]\nhost = 'x'\nsecurity = 'maybe'\nsender = 'x'", "mail.security"),
        ("registry = ", "TOML"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place_and_what_to_do(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ExplainedError) as refused:
        read_desk_setup(written(tmp_path, text))
    assert told in str(refused.value)
    assert "What to do" in str(refused.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ExplainedError, match="cannot be read"):
        read_desk_setup(tmp_path / "none.toml")
