"""The password of the account: in the operating system's key store, else encrypted in a file of the user's own.

The key store protects it from everybody who is not logged in as the user. The file protects it from whoever gets hold
of the data folder or a backup of it, for the key lies elsewhere; not from a program that runs as the same user.
"""

from __future__ import annotations

import os
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Protocol

from cryptography.fernet import Fernet, InvalidToken

_SERVICE: Final = "odopass garage"
#: How long the key store may take to answer, in seconds; some ask a desktop that nobody sits at.
_KEY_STORE_S: Final = 5.0


class SecretLost(Exception):  # noqa: N818 - it names what happened
    """The password was kept, but cannot be read any more: it has to be entered once more."""


class Secrets(Protocol):
    """Where one password is kept."""

    def keep(self, password: str) -> None:
        """Keep it in place of the former."""
        ...

    def read(self) -> str | None:
        """The password, or None if none was kept. Raises `SecretLost`."""
        ...


class FileSecrets:
    """The password in an encrypted file that only the user can read.

    Args:
        file: the encrypted password, in the data folder.
        key_file: the key to it, outside of the data folder and of what is backed up with it.
    """

    def __init__(self, file: Path, key_file: Path) -> None:
        self._file = file
        self._key_file = key_file

    def keep(self, password: str) -> None:
        """Keep it in place of the former.

        Raises:
            OSError: it cannot be written; the former is still there.
        """
        if not self._key_file.exists():
            _write(self._key_file, Fernet.generate_key())
        _write(self._file, Fernet(self._key_file.read_bytes()).encrypt(password.encode()))

    def read(self) -> str | None:
        """The password, or None if none was kept.

        Raises:
            SecretLost: the key is missing or another one, or the file is damaged.
        """
        if not self._file.exists():
            return None
        try:
            return Fernet(self._key_file.read_bytes()).decrypt(self._file.read_bytes()).decode()
        except (OSError, ValueError, InvalidToken) as error:
            raise SecretLost(
                f"The password in {self._file} cannot be read with the key in {self._key_file}. "
                "Enter the password of the account once more."
            ) from error


class KeyStoreSecrets:
    """The password in the operating system's key store.

    Args:
        backend: of `keyring`.
        name: under which it is kept: the data folder, since one user may have several.
    """

    def __init__(self, backend: Any, name: str) -> None:  # noqa: ANN401 - keyring's back ends have no common type
        self._backend = backend
        self._name = name

    def keep(self, password: str) -> None:
        """Keep it in place of the former."""
        try:
            self._backend.set_password(_SERVICE, self._name, password)
        except Exception as error:
            raise OSError(f"The key store does not take the password: {error}") from error

    def read(self) -> str | None:
        """The password, or None if none was kept.

        Raises:
            SecretLost: the key store does not answer, or is locked.
        """
        try:
            password: str | None = self._backend.get_password(_SERVICE, self._name)
        except Exception as error:
            raise SecretLost(
                f"The key store does not give the password ({error}). Unlock it and start odopass again, or enter the "
                "password once more."
            ) from error
        return password


def secrets_for(data: Path, config: Path) -> Secrets:
    """The best place for the password that this machine has.

    Args:
        data: folder of the book.
        config: folder for the key, apart from `data`.
    """
    file = FileSecrets(data / "password", config / "key")
    # What once was kept in the file stays there: a key store that comes and goes must not make it unfindable.
    if (data / "password").exists() or (backend := _key_store()) is None:
        return file
    return KeyStoreSecrets(backend, str(data))


def _key_store() -> Any | None:  # noqa: ANN401 - as above
    """The operating system's key store if there is one that answers; asked in a thread, for some never do."""
    found: list[Any] = []

    def ask() -> None:
        with suppress(Exception):
            import keyring  # noqa: PLC0415 - importing it looks for key stores, which takes its time
            from keyring.backends import SecretService, Windows, macOS  # noqa: PLC0415

            backend = keyring.get_keyring()
            known = (SecretService.Keyring, Windows.WinVaultKeyring, macOS.Keyring)
            if isinstance(backend, known):
                backend.get_password(_SERVICE, "is it there?")
                found.append(backend)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(_KEY_STORE_S)
    return found[0] if found else None


def _write(path: Path, content: bytes) -> None:
    """Put a file in place at once and on the disk, readable by nobody else."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
