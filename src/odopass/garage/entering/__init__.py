"""What is done with a reading before it is in the book, whoever hands it in: people and programs (G8 to G11)."""

from odopass.garage.entering.judging import Judged, VehicleTyped, judge, typed_vehicle
from odopass.garage.entering.recording import excluding_reason, record

__all__ = ["Judged", "VehicleTyped", "excluding_reason", "judge", "record", "typed_vehicle"]
