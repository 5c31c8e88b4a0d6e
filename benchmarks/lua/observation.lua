-- Makes the requests of both scripts. The n-th observation is of vehicle n modulo the number of vehicles; every round
-- through the vehicles is a day later and 40 km further, so that all of them are believable and none is a duplicate.

local BODY = '{"vin": "%s%08d", "odometerReadingDate": "%s", "odometerReading": %d, ' ..
  '"observationType": "REPAIR_MAINTENANCE_SERVICE", "enterpriseOrganisation": "%s", "enteredOrganisation": "%s"}'

return function(settings)
  local accounts, days, vehicles = settings.accounts, settings.days, settings.vehicles
  local made = {}

  function made.account(n)
    return accounts[(settings.first + n) % vehicles % #accounts + 1]
  end

  function made.post(n)
    local number = settings.first + n
    local vehicle = number % vehicles
    local visit = (number - vehicle) / vehicles
    local account = accounts[vehicle % #accounts + 1]
    local body = string.format(BODY, settings.vin, vehicle, days[visit + 1],
      settings.km + vehicle % 1000 + 40 * visit, account.enterprise, account.establishment)
    return string.format(
      "POST /api/observation HTTP/1.1\r\nHost: %s\r\nAuthorization: %s\r\nContent-Type: application/json\r\n" ..
      "Idempotency-Key: 5d1f4c1e-0000-4000-8000-%012x\r\nContent-Length: %d\r\n\r\n%s",
      wrk.host, account.authorization, number, #body, body)
  end

  function made.status(n, guid)
    return string.format("GET /api/observation/%s/status HTTP/1.1\r\nHost: %s\r\nAuthorization: %s\r\n\r\n",
      guid, wrk.host, made.account(n).authorization)
  end

  return made
end
