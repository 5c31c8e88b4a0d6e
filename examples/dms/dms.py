"""A very small DMS: reports a reading and fetches its outcome. Driven by `odopass approve --driver`.

Usage: python dms.py SANDBOX_READY_FILE < step.json
"""

import base64
import json
import ssl
import sys
import time
from pathlib import Path
from urllib.request import Request, urlopen

ready = json.loads(Path(sys.argv[1]).read_text("utf-8"))
garage = ready["garages"][0]
book = Path("dms-book.json")  # what must survive a restart


def call(method, path, body=None):
    pair = f"{garage['username']}:{garage['password']}".encode()
    headers = {"Authorization": "Basic " + base64.b64encode(pair).decode(), "client-software-name": "example (Python)"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    request = Request(ready["api"] + path, json.dumps(body).encode() if body else None, headers, method=method)
    with urlopen(request, timeout=30, context=ssl.create_default_context(cafile=ready["ca"])) as answer:
        return json.load(answer)


def enter(step):
    answer = call(
        "POST",
        "/observation",
        {
            "vin": step["vin"],
            "odometerReading": step["km"],
            "odometerReadingDate": step["date"],
            "observationType": "REPAIR_MAINTENANCE_SERVICE",
            "enterpriseOrganisation": garage["enterpriseOrganisation"],
            "enteredOrganisation": garage["enteredOrganisation"],
        },
    )
    book.write_text(json.dumps({"guid": answer["requestGuid"], "status": "ONGOING"}), "utf-8")


def fetch_outcome():
    if not book.exists():
        return
    known = json.loads(book.read_text("utf-8"))
    pause = 1.5  # at least 1 second before the first question, 10 between the next ones
    while known["status"] == "ONGOING":
        time.sleep(pause)
        known["status"] = call("GET", f"/observation/{known['guid']}/status")["status"]
        book.write_text(json.dumps(known), "utf-8")
        pause = 10.5


step = json.load(sys.stdin)
if step["step"] == "enter":
    enter(step)
elif step["step"] == "wait":
    fetch_outcome()
print("{}")
