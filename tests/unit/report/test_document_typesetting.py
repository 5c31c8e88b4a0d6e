from __future__ import annotations

import datetime as dt
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.pdf import cases

from odopass.registry.report.document.typesetting import Typesetter, placed, qr_code, render
from odopass.registry.report.view import view_of


def test_the_same_report_and_moment_give_the_same_bytes() -> None:
    view = cases.view("wound-back")
    assert render(view, made_at=cases.MADE_AT) == Typesetter().render(view, made_at=cases.MADE_AT)
    later = cases.MADE_AT + dt.timedelta(hours=1)
    assert render(view, made_at=cases.MADE_AT) != render(view, made_at=later)


def test_the_moment_is_the_same_in_whatever_time_zone_it_is_told() -> None:
    elsewhere = cases.MADE_AT.astimezone(dt.timezone(dt.timedelta(hours=-11)))
    view = cases.view("one")
    assert render(view, made_at=cases.MADE_AT) == render(view, made_at=elsewhere)


def test_several_threads_may_set_reports_with_one_typesetter() -> None:
    typesetter = Typesetter()
    views = [cases.view(name) for name in ("none", "one", "ordinary", "wound-back")] * 3
    alone = [typesetter.render(view, made_at=cases.MADE_AT) for view in views]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda view: typesetter.render(view, made_at=cases.MADE_AT), views))
    assert together == alone


@pytest.mark.parametrize("name", cases.NAMES)
def test_every_string_of_the_view_is_placed(name: str) -> None:
    view = cases.view(name)
    on_paper = placed(view)
    assert len(on_paper["readings"]) == len(view.readings)
    assert len(on_paper["facts"]) == len(view.facts)
    assert len(on_paper["recalls"]) == len(view.recalls)
    assert set(on_paper["words"]) == set(view.words)


@pytest.mark.parametrize(
    ("name", "state"),
    [("none", "unknown"), ("one", "unknown"), ("ordinary", "clear"), ("wound-back", "contradicted")],
)
def test_a_history_that_cannot_be_compared_is_not_called_clear(name: str, state: str) -> None:
    assert placed(cases.view(name))["state"] == state


def test_there_is_no_tick_below_a_warning() -> None:
    late = cases.TODAY + dt.timedelta(days=100)
    view = view_of(cases.case("ordinary"), language="en", public_url=cases.PUBLIC_URL, today=late)
    assert view.warnings
    assert placed(view)["state"] == "unknown"


def test_a_qr_code_is_a_drawing_without_margin_or_script() -> None:
    svg = qr_code(cases.PUBLIC_URL)
    assert svg.startswith("<svg ")
    assert set(re.findall(r"<(\w+)", svg)) <= {"svg", "path", "g"}
