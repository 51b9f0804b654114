"""index.html in headless Chromium: tables sort and filter, pictures answer, nothing is fetched, nothing is wrong."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path

import pytest
from hostile import PAPER, hostile
from make_records import make_record

from edgebench.records import published
from edgebench.records.summary import summarise
from edgebench.report import build, material

selenium = pytest.importorskip("selenium", reason="selenium is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="no chromium with its chromedriver here")

OPTIONS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
    "--disable-component-update", "--no-first-run", "--window-size=1600,1000",
)  # fmt: skip
SORTED = "return [...document.querySelector(`#${arguments[0]}`).tBodies[0].rows].filter(r => !r.hidden)"
PARTS = SORTED + ".map(r => r.cells[arguments[1]].textContent)"


def made():
    calls = {"tflite-float32": 12.0, "tflite-int8": 7.0, "onnx-float32": 21.0, "openvino-float32": 15.0}
    backends = {"tflite": "litert", "onnx": "onnxruntime", "openvino": "openvino"}
    found = [
        make_record(model=model, target=target, backend=backends[target.split("-")[0]], call_ms=ms * more)
        for model, more in (("reduced", 1), ("original", 9))
        for target, ms in calls.items()
    ]
    return material.of(published.load(PAPER), [summarise(record) for record in found])


@pytest.fixture(scope="module")
def driver():
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options = Options()
    options.binary_location = CHROMIUM
    for option in OPTIONS:
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    found = webdriver.Chrome(options=options, service=Service(DRIVER))
    found.set_script_timeout(60)
    yield found
    found.quit()


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "index.html"
    path.write_text(build.files(made(), build.ALL, ["html"])[path.name], encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def page(driver, address):
    driver.get_log("browser")
    driver.get_log("performance")
    driver.get(address)
    return driver


def find(page, css):
    from selenium.webdriver.common.by import By

    return page.find_element(By.CSS_SELECTOR, css)


def drawn(page):
    """Scroll through the page until every picture is drawn."""
    from selenium.webdriver.support.ui import WebDriverWait

    figures = page.find_elements("css selector", "figure")
    for figure in figures:
        page.execute_script("arguments[0].scrollIntoView({behavior: 'instant'})", figure)
        WebDriverWait(page, 60).until(lambda _, figure=figure: figure.get_attribute("data-ready") == "yes")
    return figures


def header(page, table, text):
    """Number of the column, and its button."""
    buttons = page.find_elements("css selector", f"#{table} thead button")
    number = next(n for n, button in enumerate(buttons) if text in button.text)
    script = "arguments[0].scrollIntoView({block: 'center', inline: 'center', behavior: 'instant'})"
    page.execute_script(script, buttons[number])
    return number, buttons[number]


def wide(page):
    """The table of all columns."""
    return find(page, ".table.screen table").get_attribute("id")


def test_no_console_error_and_no_request_to_the_network(page, address):
    drawn(page)
    assert [entry for entry in page.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")] == []
    messages = [json.loads(entry["message"])["message"] for entry in page.get_log("performance")]
    asked = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    assert address in asked
    assert all(url.split("#")[0] == address or url.startswith(("data:", "blob:")) for url in asked)


def test_a_click_on_a_header_sorts_up_down_and_back(page):
    table = wide(page)
    column, button = header(page, table, "p50 of a call")
    before = page.execute_script(PARTS, table, column)
    numbers = lambda: [float(cell.split()[0]) for cell in page.execute_script(PARTS, table, column)]  # noqa: E731
    state = lambda: button.find_element("xpath", "..").get_attribute("aria-sort")  # noqa: E731
    button.click()
    assert (state(), numbers()) == ("ascending", sorted(numbers()))
    assert numbers()[0] == 7.0
    button.click()
    assert (state(), numbers()) == ("descending", sorted(numbers(), reverse=True))
    button.click()
    assert (state(), page.execute_script(PARTS, table, column)) == ("none", before)


def test_a_table_is_sorted_by_keyboard_too(page):
    from selenium.webdriver.common.keys import Keys

    table = wide(page)
    column, button = header(page, table, "Target")
    button.send_keys(Keys.ENTER)
    cells = page.execute_script(PARTS, table, column)
    assert cells == sorted(cells)
    assert button.find_element("xpath", "..").get_attribute("aria-sort") == "ascending"


def test_rows_are_filtered_by_words_and_counted(page):
    table = wide(page)
    assert len(page.execute_script(SORTED, table)) == 8
    box = find(page, f'input[aria-controls="{table}"]')
    box.send_keys("int8 ORIGINAL")
    assert len(page.execute_script(SORTED, table)) == 1
    assert find(page, ".table.screen output").text == "1 of 8 rows"
    box.clear()
    box.send_keys("no such word")
    assert page.execute_script(SORTED, table) == []


def test_a_point_of_a_picture_says_what_it_is_when_the_mouse_is_over_it(page):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.support.ui import WebDriverWait

    figure = drawn(page)[0]
    page.execute_script("arguments[0].scrollIntoView({behavior: 'instant', block: 'start'})", figure)
    point = figure.find_element("css selector", ".scatterlayer .points path")
    ActionChains(page).move_to_element(point).perform()
    told = WebDriverWait(page, 20).until(lambda _: figure.find_elements("css selector", ".hoverlayer .hovertext"))
    assert "um" in told[0].text
    assert "ms" in told[0].text


def test_a_footnote_is_shown_over_its_mark_and_its_link_opens_the_notes(page):
    from selenium.webdriver.common.action_chains import ActionChains

    mark = find(page, "main section table tbody a.mark")
    page.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", mark)
    ActionChains(page).move_to_element(mark).perform()
    tip = find(page, "#tip")
    assert tip.is_displayed()
    assert "Simulated slides" in tip.text
    page.execute_script("arguments[0].click()", mark)
    note = find(page, mark.get_attribute("href").split("/")[-1].split("index.html")[-1])
    assert note.is_displayed()
    assert tip.text in note.text


def test_on_a_narrow_screen_tables_scroll_inside_their_box_under_a_first_column_that_stays(page):
    page.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": False}
    )
    try:
        page.refresh()
        assert page.execute_script("return document.documentElement.scrollWidth") <= 390
        table = find(page, f"#{wide(page)}")
        box = table.find_element("xpath", "..")
        page.execute_script("arguments[0].scrollIntoView(); arguments[0].scrollLeft = 600", box)
        assert page.execute_script("return arguments[0].scrollLeft", box) == 600
        first = table.find_element("css selector", "tbody th")
        assert abs(first.rect["x"] - box.rect["x"]) <= 2
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_in_the_dark_the_page_and_its_pictures_are_dark(page):
    def luma(css_colour):
        return sum(map(int, css_colour.strip("rgba()").split(",")[:3])) / 3

    dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", dark)
    try:
        page.refresh()
        body = find(page, "body")
        assert luma(body.value_of_css_property("background-color")) < 50
        assert luma(body.value_of_css_property("color")) > 200
        figure = drawn(page)[0]
        assert luma(figure.find_element("css selector", ".xtick text").value_of_css_property("fill")) > 180
    finally:
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_on_paper_there_are_no_controls_and_the_pictures_are_stills(page):
    drawn(page)
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        for css in ("nav", ".controls", "figure .chart", ".table.screen"):
            assert not find(page, css).is_displayed()
        assert find(page, "figure .still").is_displayed()
        assert find(page, "table").value_of_css_property("background-color") in (
            "rgba(0, 0, 0, 0)",
            "rgb(255, 255, 255)",
        )
    finally:
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    pdf = base64.b64decode(page.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})["data"])
    assert pdf.startswith(b"%PDF")
    assert b"/MediaBox [0 0 841" in pdf or b"/MediaBox [0 0 842" in pdf  # A4 landscape, points


def test_hostile_names_run_no_script_and_change_no_table(driver, tmp_path):
    path = tmp_path / "index.html"
    path.write_text(build.files(hostile(), build.ALL, ["html"])[path.name], encoding="utf-8")
    driver.get_log("browser")
    driver.get(path.as_uri())
    drawn(driver)
    assert [entry for entry in driver.get_log("browser") if entry["level"] == "SEVERE"] == []
    script = "return [...document.querySelectorAll('table')].map(t => [...t.rows].map(r => r.cells.length))"
    assert all(len(set(lengths)) == 1 for lengths in driver.execute_script(script))
    assert driver.execute_script("return document.querySelectorAll('main img:not([alt])').length") == 0
    assert "<script>alert" in driver.find_element("css selector", "main").text


def test_without_javascript_the_stills_are_there(driver, address):
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        driver.get(address)
        assert find(driver, "figure .still").is_displayed()
        assert not find(driver, "figure .chart").is_displayed()
    finally:
        driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_the_shipped_files_of_the_page_stand_beside_the_module_that_reads_them():
    folder = Path(build.__file__).parent / "formats"
    assert {"style.css", "script.js"} <= {path.name for path in folder.iterdir()}
