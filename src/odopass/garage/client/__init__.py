"""A client of the registry for any garage software: one call for each operation of the wire (G1).

It needs no server and nothing beyond what every installation of odopass has.
"""

from odopass.garage.client.answers import Told, VehicleHistory
from odopass.garage.client.asynchronous import AsyncRegistryClient
from odopass.garage.client.endpoint import Endpoint
from odopass.garage.client.errors import (
    Maintenance,
    NotNow,
    Refused,
    RegistryError,
    Throttled,
    UnknownRequest,
    Unreachable,
    WrongCredentials,
)
from odopass.garage.client.exchange import new_key
from odopass.garage.client.sync import RegistryClient

__all__ = [
    "AsyncRegistryClient",
    "Endpoint",
    "Maintenance",
    "NotNow",
    "Refused",
    "RegistryClient",
    "RegistryError",
    "Throttled",
    "Told",
    "UnknownRequest",
    "Unreachable",
    "VehicleHistory",
    "WrongCredentials",
    "new_key",
]
