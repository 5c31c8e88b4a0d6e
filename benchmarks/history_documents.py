"""Documents per second and core: ours, set and signed, beside the same content through WeasyPrint.

Each document differs from the one before, as those of a registry do, so that nothing is gained by remembering. The
rival sets HTML of the same content with the same fonts as tagged PDF; it does not sign.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
import time
from collections.abc import Callable, Iterator
from importlib.resources import as_file
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from jinja2 import Environment
from tests.pdf import cases

from benchmarks.spread import Spread
from odopass.lettering import FONTS
from odopass.registry.report.content import ReportContent
from odopass.registry.report.document.certifying import AuthorityKey, issue_document_certificate
from odopass.registry.report.document.producing import DocumentProducer
from odopass.registry.report.document.signing import DocumentSigner
from odopass.registry.report.document.signing_keys import PemFiles
from odopass.registry.report.document.typesetting import qr_code
from odopass.registry.report.view import ReportView, view_of
from odopass.sandbox.certificates import ensure_certificates

OURS: Final = "typst and pyHanko, signed"
UNSIGNED: Final = "typst, not signed"
RIVAL: Final = "WeasyPrint, not signed"

_LANGUAGES: Final = ("nl", "fr", "de", "en")

_RIVAL_PAGE: Final = """<!DOCTYPE html><html lang="{{ view.language }}"><head>
<title>{{ view.number }}</title></head><body>
<header><p>{{ view.registry }}</p><h1>{{ view.words["Vehicle history"] }}</h1><p>{{ view.vehicle_name }}</p>
<div role="img" aria-label="{{ view.public_url }}" class="qr">{{ qr | safe }}</div></header>
<p>{{ view.number }} {{ view.issued }} {{ view.valid_until }}</p><p class="verdict">{{ view.verdict }}</p>
<h2>{{ view.words["Vehicle"] }}</h2><dl>{% for fact in view.facts %}<dt>{{ fact.label }}</dt><dd>{{ fact.value }}</dd>
{% endfor %}</dl><h2>{{ view.words["Readings as a chart"] }}</h2>
<svg viewBox="-60 -10 700 240" width="170mm">{% for tick in view.chart.y_ticks %}
<path d="M0 {{ 200 - tick.place * 200 }} h620" stroke="#ccc"/>
<text x="-60" y="{{ 200 - tick.place * 200 }}" font-size="9">{{ tick.label }}</text>{% endfor %}
{% for tick in view.chart.x_ticks %}
<text x="{{ tick.place * 620 }}" y="215" font-size="9">{{ tick.label }}</text>{% endfor %}
{% for each in view.chart.stretches %}<path stroke="#1d4e79" d="M{{ each.x1 * 620 }} {{ 200 - each.y1 * 200 }}
L{{ each.x2 * 620 }} {{ 200 - each.y2 * 200 }}"/>{% endfor %}{% for each in view.chart.points %}
<circle r="3" cx="{{ each.x * 620 }}" cy="{{ 200 - each.y * 200 }}"/>{% endfor %}</svg>
<h2>{{ view.words["Recalls"] }}</h2><p>{{ view.recalls_summary }}</p><p>{{ view.inspection }}</p>
<h2>{{ view.words["Odometer readings"] }}</h2><table><thead><tr>
{% for name in ["Date", "Reading", "Distance", "Source", "Remark"] %}
<th>{{ view.words[name] }}</th>{% endfor %}</tr></thead>
<tbody>{% for each in view.readings %}<tr><td>{{ each.date }}</td><td>{{ each.km }}</td><td>{{ each.distance }}</td>
<td>{{ each.source }}</td><td>{{ each.remarks | join(" ") }} {{ each.notes | join(" ") }}</td></tr>
{% endfor %}</tbody></table>
</body></html>"""

_RIVAL_STYLE: Final = """
@font-face { font-family: Noto; src: url("%s/NotoSans-Regular.ttf") }
@font-face { font-family: Noto; font-weight: 600; src: url("%s/NotoSans-SemiBold.ttf") }
@page { size: A4; margin: 20mm; @bottom-right { content: counter(page) "/" counter(pages); font: 8pt Noto } }
body { font: 9.5pt Noto } h1, h2, dd { font-weight: 600 } h1 { font-size: 25pt } .qr svg { width: 26mm }
table { width: 100%%; border-collapse: collapse } td, th { border-bottom: 0.4pt solid #ccc; padding: 1.5mm }
"""

Make = Callable[[ReportView], bytes]


@dataclasses.dataclass(frozen=True, slots=True)
class Rates:
    """Documents per second of one core's time, for each contender, round by round; and the median size in bytes."""

    per_second: dict[str, list[float]]
    sizes: dict[str, int]

    def ratio(self) -> Spread:
        """Ours, with its signature, over the rival's, without."""
        return Spread.of_ratios(self.per_second[OURS], self.per_second[RIVAL])


def measure(*, rounds: int = 5, documents: int = 20, tell: Callable[[str], object] = lambda _: None) -> Rates:
    """Let the contenders take turns.

    Args:
        rounds: how often each has its turn.
        documents: how many it makes in one.
        tell: hears what is being done.
    """
    views = _views()
    rates: dict[str, list[float]] = {}
    sizes: dict[str, int] = {}
    with TemporaryDirectory(prefix="odopass-bench-") as folder, as_file(FONTS) as fonts:
        contenders = _contenders(Path(folder), fonts)
        for make in contenders.values():
            make(next(views))
        for number in range(rounds):
            for name, make in contenders.items():
                tell(f"documents, round {number + 1} of {rounds}: {name}")
                turn = [next(views) for _ in range(documents)]
                begun = time.process_time()
                made = [make(view) for view in turn]
                rates.setdefault(name, []).append(documents / (time.process_time() - begun))
                sizes[name] = sorted(len(each) for each in made)[documents // 2]
    return Rates(rates, sizes)


def _contenders(folder: Path, fonts: Path) -> dict[str, Make]:
    signed = DocumentProducer(DocumentSigner(document_key(folder)))
    unsigned = DocumentProducer(None)
    return {
        OURS: lambda view: signed.make(view, cases.MADE_AT),
        UNSIGNED: lambda view: unsigned.make(view, cases.MADE_AT),
        RIVAL: _rival(fonts),
    }


def document_key(folder: Path) -> PemFiles:
    """A key that may sign documents, made in a folder."""
    ensure_certificates(folder, cases.MADE_AT)
    own = (folder / "authority.pem").read_bytes()
    key = serialization.load_pem_private_key(own, None)
    if not isinstance(key, AuthorityKey):
        raise TypeError("the sandbox's authority has a key of another kind")
    pem = folder / "documents.pem"
    certificate = x509.load_pem_x509_certificate(own)
    pem.write_bytes(issue_document_certificate(certificate, key, registry="Bench", now=cases.MADE_AT).pem())
    return PemFiles(pem, pem)


def _rival(fonts: Path) -> Make:
    from weasyprint import CSS, HTML  # noqa: PLC0415 - slow to load, and for this alone
    from weasyprint.text.fonts import FontConfiguration  # noqa: PLC0415

    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    configuration = FontConfiguration()
    address = fonts.as_uri()
    style = CSS(string=_RIVAL_STYLE % (address, address), font_config=configuration)
    page = Environment(autoescape=True).from_string(_RIVAL_PAGE)

    def make(view: ReportView) -> bytes:
        html = HTML(string=page.render(view=view, qr=qr_code(view.public_url)))
        made: Any = html.write_pdf(stylesheets=[style], font_config=configuration, pdf_variant="pdf/ua-1")
        return bytes(made)

    return make


def _views() -> Iterator[ReportView]:
    """Reports of an ordinary vehicle of 14 readings, in four languages, none like another."""
    ordinary = cases.case("ordinary")
    for number in count():
        yield view_of(
            _varied(ordinary, number),
            language=_LANGUAGES[number % len(_LANGUAGES)],
            public_url=f"https://registry.example/vhr/{number * 99_991:022d}",
            today=cases.TODAY,
        )


def _varied(content: ReportContent, number: int) -> ReportContent:
    return dataclasses.replace(
        content,
        number=f"{260_000_000_000 + number * 7_919}",
        made_at=content.made_at + dt.timedelta(seconds=number),
        vehicle=dataclasses.replace(content.vehicle, vin=f"WVWZZZ1KZBW{100_000 + number}"),
        readings=tuple(dataclasses.replace(line, km=line.km + number * 37) for line in content.readings),
    )


if __name__ == "__main__":
    found = measure(tell=print)
    for contender, each in found.per_second.items():
        print(f"{contender}: {Spread.of(each).shown(1)} a second and core, {found.sizes[contender]:,} bytes")
    print(f"ours over WeasyPrint: {found.ratio().shown(1)}")
