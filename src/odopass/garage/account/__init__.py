"""The garage's account with the registry, its password, and who may use the application (G12)."""

from odopass.garage.account.account import (
    Account,
    AccountStore,
    Environment,
    endpoint_of,
    problems,
    typed_file,
    typed_number,
)
from odopass.garage.account.secrets import SecretLost, Secrets
from odopass.garage.account.workplaces import TooSoon, Workplaces

__all__ = [
    "Account",
    "AccountStore",
    "Environment",
    "SecretLost",
    "Secrets",
    "TooSoon",
    "Workplaces",
    "endpoint_of",
    "problems",
    "typed_file",
    "typed_number",
]
