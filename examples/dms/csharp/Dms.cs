// A very small DMS: reports a reading and fetches its outcome. Driven by `odopass approve --driver`.
// Usage: dotnet run --project examples/dms/csharp -- SANDBOX_READY_FILE < step.json

using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;

var ready = JsonNode.Parse(File.ReadAllText(args[0]))!;
var garage = ready["garages"]![0]!;
const string Book = "dms-book.json"; // what must survive a restart

var authority = new X509Certificate2Collection();
authority.ImportFromPemFile((string)ready["ca"]!);
var handler = new HttpClientHandler
{
    ServerCertificateCustomValidationCallback = (_, certificate, chain, errors) =>
    {
        // The name must fit; only the authority is another one than the system's.
        if (errors.HasFlag(System.Net.Security.SslPolicyErrors.RemoteCertificateNameMismatch)) return false;
        chain!.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.AddRange(authority);
        return chain.Build(certificate!);
    },
};
using var http = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(30) };
var pair = Encoding.UTF8.GetBytes($"{garage["username"]}:{garage["password"]}");
http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(pair));
http.DefaultRequestHeaders.Add("client-software-name", "example (C#)");

var step = JsonNode.Parse(Console.In.ReadToEnd())!;
switch ((string)step["step"]!)
{
    case "enter":
        var reading = new JsonObject
        {
            ["vin"] = (string)step["vin"]!,
            ["odometerReading"] = (int)step["km"]!,
            ["odometerReadingDate"] = (string)step["date"]!,
            ["observationType"] = "REPAIR_MAINTENANCE_SERVICE",
            ["enterpriseOrganisation"] = (string)garage["enterpriseOrganisation"]!,
            ["enteredOrganisation"] = (string)garage["enteredOrganisation"]!,
        };
        var posted = await http.PostAsJsonAsync($"{ready["api"]}/observation", reading);
        posted.EnsureSuccessStatusCode();
        var answer = JsonNode.Parse(await posted.Content.ReadAsStringAsync())!;
        Keep((string)answer["requestGuid"]!, "ONGOING");
        break;
    case "wait" when File.Exists(Book):
        var known = JsonNode.Parse(File.ReadAllText(Book))!;
        var (guid, status) = ((string)known["guid"]!, (string)known["status"]!);
        var pause = 1.5; // at least 1 second before the first question, 10 between the next ones
        while (status == "ONGOING")
        {
            await Task.Delay(TimeSpan.FromSeconds(pause));
            var told = JsonNode.Parse(await http.GetStringAsync($"{ready["api"]}/observation/{guid}/status"))!;
            status = (string)told["status"]!;
            Keep(guid, status);
            pause = 10.5;
        }
        break;
}
Console.WriteLine("{}");

static void Keep(string guid, string status) =>
    File.WriteAllText(Book, new JsonObject { ["guid"] = guid, ["status"] = status }.ToJsonString());
