<?php
// A very small DMS: reports a reading and fetches its outcome. Driven by `odopass approve --driver`.
// Usage: php dms.php SANDBOX_READY_FILE < step.json    (needs the curl extension)

$ready = json_decode(file_get_contents($argv[1]), true, 512, JSON_THROW_ON_ERROR);
$garage = $ready['garages'][0];
$book = 'dms-book.json'; // what must survive a restart

function call(string $method, string $path, ?array $body = null): array
{
    global $ready, $garage;
    $curl = curl_init($ready['api'] . $path);
    $headers = ['client-software-name: example (PHP)'];
    if ($body !== null) {
        $headers[] = 'Content-Type: application/json';
        curl_setopt($curl, CURLOPT_POSTFIELDS, json_encode($body, JSON_THROW_ON_ERROR));
    }
    curl_setopt_array($curl, [
        CURLOPT_CUSTOMREQUEST => $method,
        CURLOPT_HTTPHEADER => $headers,
        CURLOPT_USERPWD => $garage['username'] . ':' . $garage['password'],
        CURLOPT_CAINFO => $ready['ca'],
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_TIMEOUT => 30,
    ]);
    $text = curl_exec($curl);
    $status = curl_getinfo($curl, CURLINFO_RESPONSE_CODE);
    if ($text === false || $status >= 300) {
        fwrite(STDERR, $text === false ? curl_error($curl) : "$status $text");
        exit(1);
    }
    return json_decode($text, true, 512, JSON_THROW_ON_ERROR);
}

$step = json_decode(stream_get_contents(STDIN), true, 512, JSON_THROW_ON_ERROR);
if ($step['step'] === 'enter') {
    $answer = call('POST', '/observation', [
        'vin' => $step['vin'],
        'odometerReading' => $step['km'],
        'odometerReadingDate' => $step['date'],
        'observationType' => 'REPAIR_MAINTENANCE_SERVICE',
        'enterpriseOrganisation' => $garage['enterpriseOrganisation'],
        'enteredOrganisation' => $garage['enteredOrganisation'],
    ]);
    file_put_contents($book, json_encode(['guid' => $answer['requestGuid'], 'status' => 'ONGOING']));
} elseif ($step['step'] === 'wait' && file_exists($book)) {
    $known = json_decode(file_get_contents($book), true);
    $pause = 1_500_000; // at least 1 second before the first question, 10 between the next ones
    while ($known['status'] === 'ONGOING') {
        usleep($pause);
        $known['status'] = call('GET', "/observation/{$known['guid']}/status")['status'];
        file_put_contents($book, json_encode($known));
        $pause = 10_500_000;
    }
}
echo "{}\n";
