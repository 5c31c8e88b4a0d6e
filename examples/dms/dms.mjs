// A very small DMS: reports a reading and fetches its outcome. Driven by `odopass approve --driver`.
// Usage: node dms.mjs SANDBOX_READY_FILE < step.json

import fs from "node:fs";
import https from "node:https";
import { setTimeout as sleep } from "node:timers/promises";

const ready = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
const garage = ready.garages[0];
const ca = fs.readFileSync(ready.ca);
const book = "dms-book.json"; // what must survive a restart

function call(method, path, body) {
  const headers = {
    Authorization: "Basic " + Buffer.from(`${garage.username}:${garage.password}`).toString("base64"),
    "client-software-name": "example (JavaScript)",
  };
  if (body) headers["Content-Type"] = "application/json";
  return new Promise((resolve, reject) => {
    const request = https.request(ready.api + path, { method, headers, ca, timeout: 30000 }, (answer) => {
      let text = "";
      answer.on("data", (part) => (text += part));
      answer.on("end", () =>
        answer.statusCode < 300 ? resolve(JSON.parse(text)) : reject(new Error(`${answer.statusCode} ${text}`)));
    });
    request.on("timeout", () => request.destroy(new Error("no answer")));
    request.on("error", reject);
    request.end(body ? JSON.stringify(body) : undefined);
  });
}

async function enter(step) {
  const answer = await call("POST", "/observation", {
    vin: step.vin,
    odometerReading: step.km,
    odometerReadingDate: step.date,
    observationType: "REPAIR_MAINTENANCE_SERVICE",
    enterpriseOrganisation: garage.enterpriseOrganisation,
    enteredOrganisation: garage.enteredOrganisation,
  });
  fs.writeFileSync(book, JSON.stringify({ guid: answer.requestGuid, status: "ONGOING" }));
}

async function fetchOutcome() {
  if (!fs.existsSync(book)) return;
  const known = JSON.parse(fs.readFileSync(book, "utf8"));
  let pause = 1500; // at least 1 second before the first question, 10 between the next ones
  while (known.status === "ONGOING") {
    await sleep(pause);
    known.status = (await call("GET", `/observation/${known.guid}/status`)).status;
    fs.writeFileSync(book, JSON.stringify(known));
    pause = 10500;
  }
}

const step = JSON.parse(fs.readFileSync(0, "utf8"));
if (step.step === "enter") await enter(step);
else if (step.step === "wait") await fetchOutcome();
console.log("{}");
