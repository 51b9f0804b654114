"""index.html as text: it needs nothing else, every link in it leads somewhere, and no name becomes markup."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hostile import PAPER, hostile
from make_records import make_record

from edgebench.records import published
from edgebench.records.summary import summarise
from edgebench.report import build, material
from edgebench.report.document import Document, Heading, Table, Text, Value
from edgebench.report.formats import html

VOID = {"meta", "link", "input", "img", "br"}


class Page(HTMLParser):
    """Tags with their attributes and the text within; what is not closed is an error."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.texts = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"{tag} at {self.getpos()}"

    def handle_data(self, data):
        if "script" not in self.open and "style" not in self.open:
            self.texts.append(data)

    def all(self, tag, **wanted):
        return [a for t, a in self.tags if t == tag and all(a.get(k) == v for k, v in wanted.items())]


def made():
    found = [make_record(), make_record(target="tflite-int8", call_ms=7.0), make_record(model="original", call_ms=90.0)]
    return material.of(published.load(PAPER), [summarise(record) for record in found])


@pytest.fixture(scope="module")
def text():
    return build.files(made(), build.ALL, ["html"])["index.html"]


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


@pytest.fixture(scope="module")
def bad():
    return Page(build.files(hostile(), build.ALL, ["html"])["index.html"])


def without_scripts(text):
    return "".join(part.split("</script>")[-1] for part in text.split("<script"))


def test_the_page_names_no_other_file_and_no_host(text, page):
    addresses = [a[key] for _, a in page.tags for key in ("src", "href", "srcset", "action") if key in a]
    assert addresses
    assert all(address.startswith(("#", "data:")) for address in addresses)
    assert "@import" not in text
    assert "url(" not in text.split("<style>")[1].split("</style>")[0]
    policy = page.all("meta", **{"http-equiv": "Content-Security-Policy"})[0]["content"]
    assert policy.startswith("default-src 'none';")


def test_ids_differ_and_every_link_has_its_target(page):
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    links = [a["href"][1:] for a in page.all("a")]
    assert len(links) > 100
    assert set(links) <= set(ids)


def test_every_note_is_marked_and_leads_back(page):
    marks = [a for a in page.all("a") if a.get("class") == "mark"]
    assert all(a["title"] for a in marks)
    notes = [a["id"] for a in page.all("li") if "-n" in a.get("id", "") and "value" in a]
    assert {a["href"][1:] for a in marks} == set(notes)
    backs = [a["href"][1:] for a in page.all("a") if a.get("class") == "back"]
    assert len(backs) == len(notes)
    assert set(backs) == {a["id"] for a in marks if "id" in a}


def test_every_table_can_be_read_aloud_and_its_headers_sort(page):
    assert len(page.all("table")) > 10
    columns = page.all("th", scope="col")
    assert columns
    assert all(a["aria-sort"] == "none" for a in columns)
    assert len(page.all("button")) == len(columns)
    assert all(a["aria-label"] for a in page.all("div", role="region"))


def test_every_picture_has_words_and_a_still_for_where_no_script_runs(page):
    stills, charts = page.all("img"), page.all("div", role="img")
    assert len(stills) == len(charts) == len(page.all("figure")) > 0
    assert all(len(a["alt"]) > 40 for a in stills)
    assert all(a["src"].startswith("data:image/svg+xml;base64,") for a in stills)


def test_the_simulated_slides_are_said_first_and_once(page):
    told = [text for text in page.texts if text == "The slides are simulated."]
    assert len(told) == 1


def test_the_page_is_the_same_bytes_again(text):
    assert build.files(made(), build.ALL, ["html"])["index.html"] == text


def test_hostile_names_stay_text(bad):
    assert {a.get("src") for a in bad.all("img")} == {a.get("src") for a in bad.all("img") if "alt" in a}
    assert not [a for _, a in bad.tags if any(key.startswith("on") for key in a)]
    assert not bad.all("svg")
    assert not [a for a in bad.all("a") if not a["href"].startswith("#")]
    assert any("<script>alert" in text for text in bad.texts)
    assert len(bad.all("script")) == len(bad.all("script", type="application/json")) + 2  # plotly's and ours
    assert not any("\u202e" in text or "\x00" in text for text in bad.texts)


def test_a_cell_sorts_by_the_number_behind_it_or_else_by_the_first_that_it_prints():
    cells = (Value("about", 2.5), "1,234 ± 5", "est. 68.3 [54.2, 86.2]", "n<368", Value("big", float("inf")), "-0.3")
    table = Table(("Run", "n"), tuple(("a", cell) for cell in cells))
    found = Page(html.render(Document("x", "X", (table,)))).all("td")
    assert [a.get("data-value") for a in found] == ["2.5", "1234.0", "68.3", None, None, "-0.3"]


def test_what_was_said_is_not_said_again_but_every_page_keeps_what_is_its_own():
    same = (Text("Same."), Heading("Data"), Text("Of both."))
    lead = Document("index", "Lead", same)
    other = Document("b", "B", (*same, Heading("Mine"), Text("Of b.")))
    found = Page(html.index(lead, [other]))
    assert [text for text in found.texts if text.strip() in ("Same.", "Of both.", "Of b.")] == [
        "Same.",
        "Of both.",
        "Of b.",
    ]
    assert found.texts.count("Data ") == 1


def test_without_a_chart_the_page_is_small():
    assert len(html.render(Document("x", "X", (Text("No picture."),)))) < 40_000
