"""The page on which feeds are set up and looked at."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from tests.acceptance.running_sandbox import wait_until
from typer.testing import CliRunner

from odopass.garage.app.application import application
from odopass.garage.app.running import running_workshop
from odopass.garage.app.workshop import Workshop
from odopass.garage.commands import garage
from odopass.garage.feeds.drop import DropFolder

pytestmark = pytest.mark.requirement("G15")

HOME = "http://127.0.0.1:8090"
ENGLISH = {"accept-language": "en", "origin": HOME}


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    (tmp_path / "data").mkdir()
    with running_workshop(tmp_path / "data", tmp_path / "config") as running:
        yield running


@pytest.fixture
async def client(workshop: Workshop) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application(workshop))
    async with httpx.AsyncClient(transport=transport, base_url=HOME, headers=ENGLISH) as made:
        yield made


async def test_a_token_is_shown_once_and_kept_as_a_hash_only(
    client: httpx.AsyncClient, workshop: Workshop, tmp_path: Path
) -> None:
    assert "There is no token" in (await client.get("/account/feeds")).text
    made = await client.post("/account/feeds/token")
    [token] = re.findall(r'<output class="secret">([^<]+)</output>', made.text)
    assert workshop.feeds.takes(token)
    assert token not in (await client.get("/account/feeds")).text
    assert all(token.encode() not in file.read_bytes() for file in (tmp_path / "data").glob("book.*"))
    await client.post("/account/feeds/token/revoke")
    assert not workshop.feeds.takes(token)
    assert not workshop.feeds.takes("")


@pytest.mark.parametrize(
    ("folder", "text"), [("drop", "Write the whole path"), ("/no/such/folder", "There is no such folder")]
)
async def test_a_folder_that_is_none_is_not_chosen(
    client: httpx.AsyncClient, workshop: Workshop, folder: str, text: str
) -> None:
    before = workshop.feeds.folder
    answer = await client.post("/account/feeds", data={"folder": folder, "language": "fr"})
    assert (answer.status_code, text in answer.text, workshop.feeds.folder) == (422, True, before)


def test_a_drop_folder_that_is_not_there_is_told_at_the_start(tmp_path: Path) -> None:
    options = ["--data", str(tmp_path), "--port", "0", "--no-browser", "--drop-folder", str(tmp_path / "nowhere")]
    ended = CliRunner().invoke(garage, options)
    assert (ended.exit_code, "Make it, or name another with --drop-folder" in ended.output) == (3, True)


async def test_what_is_dropped_into_the_chosen_folder_is_on_the_page_with_its_rejects(
    client: httpx.AsyncClient, workshop: Workshop, tmp_path: Path
) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    assert (await client.post("/account/feeds", data={"folder": str(folder), "language": "en"})).status_code == 303
    day = workshop.today().isoformat()
    rows = f"plate;day;km;read_by;<b>\n1ABC234;{day};120000;Anna;\n1ABC235;{day};12.000;Anna;\n"
    (folder / "orders.csv").write_text(rows)
    (folder / "letter.docx").touch()
    wait_until(lambda: bool(workshop.drop.latest()) and workshop.drop.latest()[0].put_aside)
    page = (await client.get("/account/feeds")).text
    assert "orders.csv" in page
    assert "letter.docx" in page
    assert "&lt;b&gt;" in page
    [address] = re.findall(r'href="(/account/feeds/rejected/[^"]+)"', page)
    rejects = await client.get(address)
    assert rejects.headers["content-disposition"].startswith("attachment")
    assert "3;km: Enter only the digits" in rejects.content.decode("utf-8-sig")
    assert (await client.get("/account/feeds/rejected/..%2F..%2Fdata%2Fbook.sqlite3")).status_code == 404
    assert (await client.get("/account/feeds/rejected/orders.csv")).status_code == 404


async def test_a_folder_that_is_gone_is_told_on_the_page(
    client: httpx.AsyncClient, workshop: Workshop, tmp_path: Path
) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    await client.post("/account/feeds", data={"folder": str(folder)})
    folder.rename(tmp_path / "gone")
    wait_until(lambda: workshop.drop.fault is not None)
    assert "The folder cannot be read or written" in (await client.get("/account/feeds")).text
    (tmp_path / "gone").rename(folder)
    wait_until(lambda: workshop.drop.fault is None)


async def test_a_fault_that_nobody_foresaw_is_told_and_does_not_end_the_watch(
    client: httpx.AsyncClient, workshop: Workshop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_args: object) -> None:
        raise ZeroDivisionError("nobody foresaw this")

    with monkeypatch.context() as patched:
        patched.setattr(DropFolder, "look", fail)
        wait_until(lambda: workshop.drop.fault is not None)
    page = (await client.get("/account/feeds")).text
    assert "for a reason that nobody foresaw" in page
    assert "ZeroDivisionError" in caplog.text
    wait_until(lambda: workshop.drop.fault is None)


async def test_while_a_long_file_is_read_the_page_says_so(client: httpx.AsyncClient, workshop: Workshop) -> None:
    rows = "".join(f"{number:07};{workshop.today().isoformat()};5;Anna\n" for number in range(3_000))
    (workshop.feeds.folder / "long.csv").write_text(f"plate;day;km;read_by\n{rows}")
    wait_until(lambda: workshop.drop.under_way is not None)
    assert "long.csv" in (await client.get("/account/feeds")).text


async def test_two_programs_on_one_book_take_a_file_in_once(workshop: Workshop, tmp_path: Path) -> None:
    row = f"plate;day;km;read_by\n1ABC234;{workshop.today().isoformat()};5;Anna\n"
    with running_workshop(tmp_path / "data", tmp_path / "config") as second:
        (workshop.feeds.folder / "orders.csv").write_text(row)
        wait_until(lambda: bool(second.drop.latest()) and second.drop.latest()[0].put_aside)
        assert [each.taken for each in second.drop.latest()] == [1]
        assert (workshop.drop.fault, second.drop.fault) == (None, None)
