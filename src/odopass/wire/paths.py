"""Where the operations live (W1). ``{requestGuid}`` is filled in with the GUID of a request."""

from __future__ import annotations

from typing import Final

BASE: Final = "/api"

OBSERVATION: Final = "/api/observation"
STATUS: Final = "/api/observation/{requestGuid}/status"
CORRECTION: Final = "/api/observation/{requestGuid}/correction"
CORRECT_ALIAS: Final = "/api/observation/{requestGuid}/correct"  # another name for CORRECTION (W9)
CONFIRM: Final = "/api/observation/{requestGuid}/confirm"
VHR: Final = "/api/observation/{requestGuid}/status/vhr"

OPENAPI: Final = "/api/openapi.json"
SWAGGER_PAGE: Final = "/api/swagger-ui.html"
SWAGGER_FILES: Final = "/api/swagger"
