"""Every format of a report: whole, the same again, and nothing that a record says becomes markup in it."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import shutil
import subprocess

import pytest
from hostile import NAMES, PAPER, hostile
from make_records import make_record

from edgebench.errors import UsageError
from edgebench.records import published
from edgebench.records.summary import summarise
from edgebench.report import build, material, pages
from edgebench.report.document import Bullets, Document, Heading, Table, Text, Value
from edgebench.report.formats import csv as as_csv
from edgebench.report.formats import html, latex, markdown
from edgebench.report.formats import json as as_json
from edgebench.report.formats.spans import plain, spans, visible

TEXT_FORMATS = ("markdown", "csv", "json", "latex")
ONE = Document(
    "one",
    "One",
    (
        Heading("A table"),
        Text("With **weight**, `code` and a note[^1]."),
        Bullets(("a", "b")),
        Table(
            ("Run", "ms"),
            (("a", Value("1.5 [1, 2][^1]", 1.5, 1.0, 2.0)), ("b", Value("?", math.nan, math.inf))),
            key="t",
        ),
    ),
    {"What it is.": 1},
)


@pytest.fixture(scope="module")
def bad():
    return build.files(hostile(), build.ALL, TEXT_FORMATS)


def made():
    found = [make_record(), make_record(target="tflite-int8", call_ms=7.0)]
    return material.of(published.load(PAPER), [summarise(record) for record in found])


def test_a_report_is_the_same_bytes_whenever_and_from_whatever_order_it_is_made():
    again = [make_record(target="tflite-int8", call_ms=7.0), make_record()]
    other = material.of(published.load(PAPER), [summarise(record) for record in again])
    assert build.files(made(), build.ALL, TEXT_FORMATS) == build.files(other, build.ALL, TEXT_FORMATS)


def test_every_page_is_there_in_every_format():
    found = build.files(made(), build.ALL, TEXT_FORMATS)
    for name in pages.PAGES:
        assert {f"{name}.{suffix}" for suffix in ("md", "csv", "json", "tex")} <= found.keys()
    assert {"cells.csv", "cells.json"} <= found.keys()
    assert set(build.files(made(), "samples", ["csv"])) == {"samples.csv"}


def test_a_page_or_format_that_there_is_not_is_named_with_those_that_there_are():
    with pytest.raises(UsageError, match=r"no page 'table8' of a report\. Pages: table7, matrix, .*, all\."):
        build.asked("table8", ["markdown"])
    with pytest.raises(UsageError, match=r"no format 'pdf' of a report\. Formats: markdown, html, csv, json, latex\."):
        build.asked("all", ["pdf"])


def test_markdown_of_hostile_names_has_no_tag_no_picture_and_no_link(bad):
    for name in pages.PAGES:
        text = re.sub(r"`[^`\n]*`", "", bad[f"{name}.md"])
        text = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("!["))
        assert not re.search(r"(?<!\\)<[A-Za-z/!?]", text)
        assert not re.search(r"!\[|(?<!\\)\]\((https|javascript)", text)


def test_markdown_tables_of_hostile_names_keep_their_columns(bad):
    for name in pages.PAGES:
        table: list[str] = []
        for line in bad[f"{name}.md"].splitlines():
            table = [*table, line] if line.startswith("|") else []
            assert len({len(re.findall(r"(?<!\\)\|", row)) for row in table}) <= 1


def test_what_cannot_be_seen_is_made_visible_in_every_format(bad):
    for text in bad.values():
        assert not re.search("[\u202a-\u202e\u2066-\u2069\u2028\x00\x1b]", text)
    assert visible(NAMES["data"]).startswith("\\u202edrawkcab\\u202c\\u0000\\u001b[31m")
    assert len(visible(NAMES["code"])) < 200
    assert visible("héllo ± µ 日本") == "héllo ± µ 日本"


def test_json_is_read_again_and_keeps_each_number_with_its_interval():
    found = json.loads(as_json.render(ONE), parse_constant=pytest.fail)
    heading, text, bullets, table = found["blocks"]
    assert (heading["heading"], text["text"], bullets["bullets"]) == (
        "A table",
        "With weight, code and a note.",
        ["a", "b"],
    )
    assert table["rows"][0][1] == {"text": "1.5 [1, 2]", "value": 1.5, "low": 1.0, "high": 2.0, "notes": ["1"]}
    assert table["rows"][1][1] == {"text": "?", "value": None, "low": None}
    assert found["notes"] == {"1": "What it is."}


def test_csv_is_read_again_and_no_cell_begins_a_formula(bad):
    rows = list(csv.DictReader(io.StringIO(as_csv.render(ONE))))
    assert rows[1] | {"page": "one", "table": "t"} == rows[1]
    assert [rows[1][key] for key in ("row", "name", "column", "text", "value", "low", "high", "notes")] == [
        "1", "a", "ms", "1.5 [1, 2]", "1.5", "1.0", "2.0", "What it is.",
    ]  # fmt: skip
    for name, text in bad.items():
        if name.endswith(".csv"):
            for row in csv.reader(io.StringIO(text)):
                assert not any(cell.startswith(("=", "@")) for cell in row)
    assert as_csv.safe("=1+1") == "'=1+1"
    assert as_csv.safe("-x") == "'-x"
    assert as_csv.safe("+0.02 [+0.01, +0.03]") == "+0.02 [+0.01, +0.03]"


def test_cells_have_a_row_a_run_with_every_number_its_interval_and_the_hash_of_the_record():
    files = build.files(made(), "matrix", ["csv", "json"])
    rows, objects = list(csv.DictReader(io.StringIO(files["cells.csv"]))), json.loads(files["cells.json"])
    assert len(rows) == len(objects) == 2
    for row, one in zip(rows, objects):
        assert len(one["sha256"]) == 64
        assert row["sha256"] == one["sha256"]
        assert one["simulated"] is True
        assert row["emulated"] == "False"
        assert one["call_p50_ms_low"] <= one["call_p50_ms"] <= one["call_p50_ms_high"]
        assert float(row["error_1_um_low"]) <= float(row["error_1_um"]) <= float(row["error_1_um_high"])


def test_latex_escapes_what_it_would_act_on():
    assert latex.escape("a_b & 50% #1 $x$ {y} ^ ~ \\end") == (
        r"a\_b \& 50\% \#1 \$x\$ \{y\} \textasciicircum{} \textasciitilde{} \textbackslash{}end"
    )
    assert latex.escape("日") == "U+65E5"


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex here")
def test_latex_of_hostile_names_compiles(bad, tmp_path):
    for name in pages.PAGES:
        (tmp_path / f"{name}.tex").write_text(bad[f"{name}.tex"], encoding="utf-8")
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", f"{name}.tex"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace")
        assert done.returncode == 0, done.stdout[-1500:]


def test_only_the_markup_of_a_document_is_markup():
    kinds = [(span.kind, span.text) for span in spans("a **b** `c` [d](#e)[^1] [f](https://g) ![h](i.png) *j*")]
    assert kinds == [
        ("text", "a "), ("bold", "b"), ("text", " "), ("code", "c"), ("text", " "), ("link", "d"), ("mark", "1"),
        ("text", " [f](https://g) ![h](i.png) *j*"),
    ]  # fmt: skip
    assert plain("a **b** `c`[^1]") == "a b c"


def test_code_within_bold_text_is_code_in_every_format():
    bold = Document("x", "X", (Text("**By the rule: `a_b`** it is."),))
    assert "**By the rule: `a_b`** it is." in markdown.render(bold)
    assert "<strong>By the rule: <code>a_b</code></strong> it is." in html.render(bold)
    assert r"\textbf{By the rule: \texttt{a\_b}} it is." in latex.render(bold)
    assert json.loads(as_json.render(bold))["blocks"][0]["text"] == "By the rule: a_b it is."


def test_markdown_escapes_pipes_in_cells_alone():
    table = Table(("A|B", "n"), (("c|d\ne", "n<368"),))
    text = markdown.block(table)
    assert text.splitlines()[0].replace(" ", "") == "|A\\|B|n|"
    assert text.splitlines()[2] == "| c\\|d e | n<368 |"
    assert markdown.block(Text("a|b")) == "a|b"
