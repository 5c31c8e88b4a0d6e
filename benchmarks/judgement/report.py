"""The figures of judgement as Markdown."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from datetime import date

from benchmarks.documents import table
from benchmarks.judgement.replay import Judged
from benchmarks.judgement.tally import LARGE_KM, Fraud, Tally
from odopass.domain.catalogue import CATALOGUE


def sections(tally: Tally, *, vehicles: int, seed: int, until: date) -> str:
    """All figures, in the order of what matters."""
    about = (
        f"{vehicles:,} vehicles, seed {seed}, until {until}: {tally.readings:,} readings inside the law's scope "
        f"({tally.out_of_scope:,} more were refused as outside of it)."
    )
    parts = [
        about,
        _summary(tally),
        "### Roll-backs",
        _frauds(tally),
        *_missed_frauds(tally.missed_contradicted()),
        "### Mistakes",
        _mistakes(tally),
        "### Honest readings that met an issue",
        _bothered(tally),
        *_examples(tally),
    ]
    return "\n\n".join(part for part in parts if part)


def _summary(tally: Tally) -> str:
    caught, large = tally.caught_among(large=True, contradicted=True)
    made = sum(each.made for each in tally.mistakes.values())
    found = sum(each.caught + each.refused for each in tally.mistakes.values())
    rows = [
        [f"roll-backs over {LARGE_KM:,} km that contradict some reading: caught", _share(caught, large), "99 %"],
        ["honest readings that met an issue", _share(tally.bothered_readings, tally.honest), "at most 0.2 %"],
        ["… because a false reading stood in the history", _share(tally.bothered_by_falsehood, tally.honest), ""],
        ["… for no fault of anybody's before", _share(_unprovoked(tally), tally.honest), ""],
        ["honest readings refused", _share(tally.honest_refused, tally.honest), ""],
        ["mistakes caught, of any size", _share(found, made), ""],
    ]
    return table(["", "reached", "target"], rows)


def _unprovoked(tally: Tally) -> int:
    return tally.bothered_readings - tally.bothered_by_falsehood


def _frauds(tally: Tally) -> str:
    groups: dict[tuple[str, bool, bool], list[Fraud]] = defaultdict(list)
    for fraud in tally.frauds.values():
        groups[fraud.row["rollback"], bool(fraud.row["contradicted"]), fraud.row["km_removed"] > LARGE_KM].append(fraud)
    rows = [
        [
            kind,
            "yes" if contradicted else "no",
            f"over {LARGE_KM:,} km" if large else "less",
            str(len(group)),
            _share(sum(fraud.caught for fraud in group), len(group)),
            str(sum(1 for fraud in group if not fraud.readings)),
        ]
        for (kind, contradicted, large), group in sorted(groups.items())
    ]
    return table(["kind", "contradicted by a reading", "size", "roll-backs", "caught", "never read again"], rows)


def _missed_frauds(missed: list[Fraud]) -> list[str]:
    if not missed:
        return ["None of the large roll-backs that some reading contradicts was missed."]
    rows = [
        [
            f"{fraud.row['vehicle']}, {fraud.row['rolled_back_on']}",
            fraud.row["rollback"],
            f"{fraud.row['km_removed']:,}",
            f"{fraud.row['contradiction_km']:,}",
            str(fraud.readings),
            "–" if fraud.first is None else f"{fraud.first.status} {' '.join(fraud.first.codes)}".strip(),
            "–" if fraud.first is None else str(fraud.first.truth),
        ]
        for fraud in missed[:12]
    ]
    header = ["vehicle, day", "kind", "km removed", "contradicted by, km", "readings after", "first of them", "truth"]
    return [f"Missed though contradicted ({len(missed)}):", table(header, rows)]


def _mistakes(tally: Tally) -> str:
    rows = []
    for truth, each in sorted(tally.mistakes.items(), key=lambda item: -item[1].made):
        large = sum(1 for km in each.missed_km if km > LARGE_KM)
        rows.append(
            [
                truth.value,
                f"{each.made:,}",
                _share(each.caught, each.made),
                _share(each.refused, each.made),
                f"{statistics.median(each.missed_km):,.0f}" if each.missed_km else "–",
                _share(large, each.made),
            ]
        )
    header = [
        "kind", "made", "met an issue", "refused", "median size of the missed, km", f"missed over {LARGE_KM:,} km"
    ]  # fmt: skip
    return table(header, rows)


def _bothered(tally: Tally) -> str:
    codes: Counter[str] = Counter()
    for (code, _), number in tally.bothered.items():
        codes[code] += number
    rows = [
        [
            f"{code} {CATALOGUE[code].name}",
            f"{number:,}",
            f"{100 * number / max(tally.honest, 1):.3f} %",
            f"{tally.bothered[code, True]:,}",
        ]
        for code, number in codes.most_common()
    ]
    return table(["issue", "honest readings", "share", "after a false reading"], rows)


def _examples(tally: Tally) -> list[str]:
    rows = [_example(kind, each) for kind, examples in sorted(tally.examples.items()) for each in examples]
    header = ["", "vehicle", "date sent", "km sent", "arrived", "display", "off by, km", "found beside"]
    if not rows:
        return []
    about = "Honest readings asked about though no false reading stood, and large mistakes that passed."
    return ["### Examples", about, table(header, rows)]


def _example(kind: str, judged: Judged) -> list[str]:
    row = judged.row
    return [
        kind,
        str(row["vehicle"]),
        str(row["reading_date"]),
        f"{row['km']:,}",
        str(row["received_at"].date()),
        f"{row['display_km']:,}",
        f"{row['error_size_km']:,}",
        _beside(judged),
    ]


def _beside(judged: Judged) -> str:
    """The neighbour that the reading did not fit."""
    values = {name: value for finding in judged.findings for name, value in finding.values.items()}
    for which in ("earlier", "later"):
        if f"{which}_km" in values:
            return f"{values[f'{which}_km']:,} km on {values[f'{which}_date']}"
    return "–"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f} % ({part:,} of {whole:,})" if whole else "–"
