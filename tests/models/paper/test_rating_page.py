"""The page in a real browser, from the first click to the report.

Skipped where there is no Chromium with its driver (`script/setup dev` installs them on Debian). The
sound plays in real time, so the clips are short.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from models.paper.rating_study import RESULTS_NAME, Key, make_study
from tests.app.cli.command_line import run
from tests.models.paper.test_rating_study import write_dialogues

_BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
_DRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (_BROWSER and _DRIVER), reason="there is no Chromium with its driver"
)
_PATIENCE_S = 60
Pair = tuple[int, int]


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[WebDriver]:
    options = webdriver.ChromeOptions()
    options.binary_location = str(_BROWSER)
    # Root has no sandbox; the network is not needed.
    for argument in ("--headless=new", "--no-sandbox", "--mute-audio", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.add_experimental_option(
        "prefs", {"download.default_directory": str(tmp_path / "downloads")}
    )
    driver = webdriver.Chrome(options, webdriver.ChromeService(_DRIVER))
    yield driver
    driver.quit()


def test_two_raters_from_the_first_click_to_the_report(
    browser: WebDriver, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = tmp_path / "study"
    key = make_study(write_dialogues(tmp_path / "in"), study, raters=2, prompt_seconds=0.2).key
    with_mouse(browser, study, key)
    with_keys(browser, study, key)
    saved = sorted((tmp_path / "downloads").glob("*.json"))
    assert len(saved) == 2
    for path in saved:
        shutil.move(path, study / RESULTS_NAME)
    assert run("rate", "report", str(study), "--json", str(tmp_path / "figures.json")) == 0
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["raters"] == 2
    assert figures["exclusions"] == []
    rated = {one["system"]: one["means"] for one in figures["systems"]}
    assert rated["truth"]["meaningfulness"]["value"] == 5
    assert rated["truth"]["naturalness"]["value"] == 4
    assert rated["small model"]["meaningfulness"]["value"] == 2
    assert rated["small model"]["naturalness"]["value"] == 3
    assert (study / "report.png").is_file()
    assert "truth" in capsys.readouterr().out


def the_answer(key: Key, clip: str) -> Pair:
    """What our rater thinks of a clip."""
    if clip in key.checks:
        return key.checks[clip], key.checks[clip]
    return (5, 4) if key.clips[clip].system == "truth" else (2, 3)


def with_mouse(browser: WebDriver, study: Path, key: Key) -> None:
    """Rater 1 clicks; the page is closed in the middle and opened again."""
    sheet = key.sheets[0]
    begin(browser, study, 1)
    rate_with_mouse(browser, key, sheet[:2])
    begin(browser, study, 1)
    assert shown(browser, "progress") == f"3 of {len(sheet)}"
    rate_with_mouse(browser, key, sheet[2:])
    element(browser, "save").click()
    until(browser, lambda: len(list((study.parent / "downloads").glob("*.json"))) == 1)
    text = element(browser, "text").get_attribute("value")
    assert text is not None
    assert [one["clip"] for one in json.loads(text)["answers"]] == sheet


def rate_with_mouse(browser: WebDriver, key: Key, clips: list[str]) -> None:
    for clip in clips:
        # Nothing can be answered before it is heard.
        assert not element(browser, "next").is_enabled()
        assert not can_rate(browser)
        element(browser, "play").click()
        until(browser, lambda: can_rate(browser))
        for scale, rating in zip(
            ("meaningfulness", "naturalness"), the_answer(key, clip), strict=True
        ):
            assert not element(browser, "next").is_enabled()
            browser.find_element(By.CSS_SELECTOR, f"[name={scale}][value='{rating}']").click()
        element(browser, "next").click()


def with_keys(browser: WebDriver, study: Path, key: Key) -> None:
    """Rater 2 uses the keyboard alone, and changes an answer on the way."""
    begin(browser, study, 2)
    for clip in key.sheets[1]:
        press(browser, " ")
        until(browser, lambda: can_rate(browser))
        meaning, natural = the_answer(key, clip)
        press(browser, "1")
        press(browser, str(natural))
        assert element(browser, "next").is_enabled()
        press(browser, Keys.ARROW_UP)
        press(browser, str(meaning))
        press(browser, Keys.ENTER)
    press(browser, Keys.ENTER)  # the button that saves has the focus
    until(browser, lambda: len(list((study.parent / "downloads").glob("*.json"))) == 2)


def begin(browser: WebDriver, study: Path, rater: int) -> None:
    browser.get((study / "page" / "index.html").as_uri())
    number = element(browser, "rater")
    number.send_keys(str(rater))
    number.submit()
    until(browser, lambda: element(browser, "trial").is_displayed())


def test_a_number_that_nobody_has_and_a_recording_that_is_missing(
    browser: WebDriver, tmp_path: Path
) -> None:
    study = tmp_path / "study"
    key = make_study(write_dialogues(tmp_path / "in"), study, raters=1, prompt_seconds=0.2).key
    browser.get((study / "page" / "index.html").as_uri())
    browser.execute_script("document.getElementById('begin').noValidate = true")
    element(browser, "rater").send_keys("7" + Keys.ENTER)
    assert shown(browser, "begin-note") == "The numbers go from 1 to 1."
    (study / "page" / "clips" / f"{key.sheets[0][0]}.flac").unlink()
    begin(browser, study, 1)
    until(browser, lambda: element(browser, "skip").is_displayed())
    element(browser, "skip").click()
    assert shown(browser, "progress").startswith("2 of")


def element(browser: WebDriver, name: str) -> WebElement:
    return browser.find_element(By.ID, name)


def can_rate(browser: WebDriver) -> bool:
    return browser.find_element(By.NAME, "meaningfulness").is_enabled()


def shown(browser: WebDriver, name: str) -> str:
    return str(element(browser, name).text)


def press(browser: WebDriver, key: str) -> None:
    browser.switch_to.active_element.send_keys(key)


def until(browser: WebDriver, fulfilled: Callable[[], bool]) -> None:
    WebDriverWait(browser, _PATIENCE_S, poll_frequency=0.05).until(lambda _: fulfilled())
