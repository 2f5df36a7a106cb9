"""The page of `digitbatch review` in a real browser, by its keys."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from digitbatch.corrections import CorrectionLog, corrections_beside
from tests.made_review import MadeField, MadeResults, made_results
from tests.served_review import served

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

pytest.importorskip("selenium", reason="selenium, which drives the browser, is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None or DRIVER is None,
    reason="there is no Chromium with its driver (Debian: chromium, chromium-driver)",
)
PATIENCE_S = 60.0
ENTER, SPACE = "\ue007", " "


@pytest.fixture(scope="module")
def browser() -> "Iterator[Chrome]":
    """One browser without a screen for all tests."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for option in ("headless=new", "no-sandbox", "disable-dev-shm-usage", "window-size=1280,900"):
        options.add_argument(f"--{option}")
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    driver.set_script_timeout(PATIENCE_S)
    yield driver
    driver.quit()


class Person:
    """Somebody at the keyboard, who waits until the page is ready as people do."""

    def __init__(self, browser: "Chrome", address: str) -> None:
        self.browser = browser
        browser.get(address)
        self.wait(lambda: self.js("return document.querySelector('.one .text')?.value"))

    def js(self, script: str, *given: Any) -> Any:
        return self.browser.execute_script(script, *given)

    def wait(self, until: Callable[[], Any]) -> Any:
        from selenium.webdriver.support.ui import WebDriverWait

        return WebDriverWait(self.browser, PATIENCE_S, 0.05).until(lambda _: until())

    def press(self, *keys: str) -> None:
        for key in keys:
            self.browser.switch_to.active_element.send_keys(key)

    @property
    def where(self) -> str:
        """Which field is shown."""
        return str(
            self.js("return document.querySelector('section:not([hidden]) .where').textContent")
        )

    @property
    def box(self) -> str:
        return str(self.js("return document.querySelector('section:not([hidden]) .text').value"))

    def enter(self, *keys: str) -> None:
        """Type and go on; the next field, or the end, is there when this returns."""
        before = self.where
        self.press(*keys, ENTER)
        self.wait(lambda: self.where != before)


def results(folder: Path, count: int = 12) -> MadeResults:
    """A page of fields for review, and one of accepted ones."""
    fields = [MadeField(str(1000 + number)) for number in range(count)]
    accepted = [MadeField(str(2000 + number), status="ok", sure=0.999) for number in range(6)]
    return made_results(folder, [fields, accepted])


def kept(made: MadeResults) -> dict[str, str | None]:
    """What the log has, by field."""
    found = CorrectionLog(corrections_beside(made.output)).read()
    return {f"{one.file} {one.field}": one.text for one in found}


def test_ten_fields_and_an_undo_by_keyboard(browser: "Chrome", tmp_path: Path) -> None:
    """Typing replaces what was read, Enter alone agrees, and keys say the rest."""
    made = results(tmp_path)
    with served(made.output) as page:
        person = Person(browser, page.address)
        for number in range(6):
            person.enter(*str(7000 + number))
        person.enter()
        before = person.where
        person.press("e")
        person.wait(lambda: person.where != before)
        before = person.where
        person.press("n")
        person.wait(lambda: person.where != before)
        person.press("j", "9")  # the first doubtful digit alone
        person.enter()
        expected = [*(str(7000 + number) for number in range(6)), "1006", "", None, "9009"]
        assert list(kept(made).values()) == expected
        before = person.where
        person.press("u")
        person.wait(lambda: person.where != before)
        assert person.box == "1009"
        assert list(kept(made).values()) == expected[:-1]
        person.press("\ue015")  # arrow down: the runner-up of the most doubtful digit
        person.enter()
        assert list(kept(made).values())[-1] == "2009"
        assert "10 verified" in person.wait(
            lambda: (text := person.js("return document.getElementById('counts').textContent"))
            and "10 verified" in text and text
        )  # fmt: skip


def open_digits(person: Person) -> int:
    """Go to the digits; how many are shown."""
    person.press("d")
    script = "return Number(document.getElementById('tiles').dataset.drawn ?? 0)"
    return int(person.wait(lambda: person.js(script)))


def test_five_crops_are_marked_and_the_rest_is_right(browser: "Chrome", tmp_path: Path) -> None:
    """By arrows and space, by a click, and by typing at once; one key confirms all others."""
    made = made_results(tmp_path, [[MadeField("77") for _ in range(10)]])
    with served(made.output) as page:
        person = Person(browser, page.address)
        assert open_digits(person) == 20
        right = "\ue014"
        person.press("1", "2")  # typed at once: the first two
        person.press(SPACE, "3")  # marked, then typed
        person.press(right, SPACE, right, SPACE)  # two are marked and not typed
        selected = "return [...document.querySelectorAll('.tile[aria-selected=true]')].length"
        assert person.js(selected) == 5
        person.press(ENTER)
        person.wait(lambda: person.js("return document.querySelectorAll('.tile').length") == 2)
        person.press("4", "n")
        person.press(ENTER)
        person.wait(lambda: len(kept(made)) == 10)
        expected = ["12", "37", None, *["77"] * 7]  # of the third, one digit is none
        assert sorted(kept(made).values(), key=str) == sorted(expected, key=str)


def test_a_click_marks_a_crop(browser: "Chrome", tmp_path: Path) -> None:
    """And a second one takes the mark away."""
    made = made_results(tmp_path, [[MadeField("77") for _ in range(10)]])
    with served(made.output) as page:
        person = Person(browser, page.address)
        open_digits(person)
        tile = browser.find_element("css selector", ".tile:nth-child(3)")
        for expected in ("true", "false", "true"):
            tile.click()
            assert tile.get_attribute("aria-selected") == expected


def test_a_blind_check_shows_nothing_and_says_what_it_found(
    browser: "Chrome", tmp_path: Path
) -> None:
    """The box is empty; a difference is typed once more; then the bound is said."""
    made = results(tmp_path)
    with served(made.output) as page:
        person = Person(browser, page.address)
        person.press("c")
        person.wait(lambda: person.where and person.js("return location.hash") == "#blind")
        texts = {field.read for field in made.fields}
        for number in range(3):
            person.wait(lambda: person.box == "")
            content = person.js("return document.getElementById('blind').textContent")
            assert not [text for text in texts if text in content]
            line = int(person.where.split("·")[0].strip().removeprefix("line-"))
            read = made.pages[1][line - 1].read
            if number:
                person.enter(*read)
                continue
            person.press(*"111", ENTER)
            person.wait(lambda: "once more" in person.js(
                "return document.querySelector('#blind .rule').textContent"))  # fmt: skip
            person.enter(*"111")
        said = person.wait(lambda: person.js(
            "const said = document.getElementById('statement').textContent;"
            "return said.startsWith('3 typed') && said"))  # fmt: skip
        assert "1 wrong" in said
        assert "95% sure" in said


def test_two_windows_at_once(browser: "Chrome", tmp_path: Path) -> None:
    """No field is typed twice, and both windows' answers are kept."""
    made = results(tmp_path, 24)
    with served(made.output) as page:
        one = Person(browser, page.address)
        first = browser.current_window_handle
        browser.switch_to.new_window("window")
        second = browser.current_window_handle
        two = Person(browser, page.address)
        seen = []
        for _ in range(3):
            for handle, person in ((first, one), (second, two)):
                browser.switch_to.window(handle)
                seen.append(person.where)
                person.enter()
        browser.close()
        browser.switch_to.window(first)
        assert len(set(seen)) == 6
        assert len(kept(made)) == 6


def start(made: MadeResults) -> tuple["subprocess.Popen[str]", str]:
    """The command in a process of its own, and the address that it prints."""
    command = [sys.executable, "-m", "digitbatch", "review", str(made.output), "--no-browser"]
    process = subprocess.Popen(
        [*command, "--as", "eve"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def test_a_server_that_is_killed_loses_nothing(browser: "Chrome", tmp_path: Path) -> None:
    """What was confirmed is kept; what was not is said to be not saved and stays in the box."""
    made = results(tmp_path)
    process, address = start(made)
    person = Person(browser, address)
    person.enter(*"11")
    person.enter(*"22")
    process.kill()
    process.communicate()
    person.press(*"33", ENTER)
    person.wait(
        lambda: "Not saved" in person.js("return document.getElementById('trouble').textContent")
    )
    assert person.box == "33"
    assert list(kept(made).values()) == ["11", "22"]
    process, address = start(made)
    try:
        person = Person(browser, address)
        assert person.box == "1002"
        person.enter(*"33")
        assert list(kept(made).values()) == ["11", "22", "33"]
    finally:
        process.kill()
        process.communicate()


def open_everywhere(person: Person) -> Iterator[str]:
    """Every mode by its key, one after the other; their names."""
    for key, name in (("f", "fields"), ("d", "digits"), ("c", "blind"), ("p", "people")):
        person.press(key)
        shown = f"return !document.getElementById('{name}').hidden"
        person.wait(partial(person.js, shown))
        yield name


def test_all_that_can_be_used_has_a_name(browser: "Chrome", tmp_path: Path) -> None:
    """A screen reader tells every button, box and picture, in every mode."""
    with served(results(tmp_path).output) as page:
        person = Person(browser, page.address)
        for _ in open_everywhere(person):
            tree = browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
            wanted = {"button", "textbox", "checkbox", "slider", "option", "combobox", "link"}
            unnamed = [
                json.dumps(node)[:300]
                for node in tree
                if node.get("role", {}).get("value") in wanted
                and not node.get("ignored")
                and not node.get("name", {}).get("value")
            ]
            assert not unnamed


def test_it_is_usable_at_200_percent(browser: "Chrome", tmp_path: Path) -> None:
    """Half as many points across: nothing is cut off at the side, and the box can be seen."""
    with served(results(tmp_path).output) as page:
        metrics = {"width": 640, "height": 450, "deviceScaleFactor": 2, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        try:
            person = Person(browser, page.address)
            for name in open_everywhere(person):
                wide = person.js("return document.documentElement.scrollWidth - innerWidth")
                assert wide <= 0, name
            person.press("f")
            person.wait(lambda: person.js("return document.activeElement.className === 'text'"))
            place = person.js(
                "const box = document.activeElement.getBoundingClientRect();"
                "return [box.top, innerHeight - box.bottom]"
            )
            assert min(place) >= 0
        finally:
            browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
