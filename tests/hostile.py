"""A record whose names are hostile to every format of a report, and the documents that are made of it."""

from __future__ import annotations

from pathlib import Path

from make_records import make_record

from edgebench.records import published
from edgebench.records.summary import summarise
from edgebench.report import material

PAPER = Path(__file__).parents[1] / "results" / "published" / "rai-dastidar-2019.json"
SCRIPT = '<script>alert("x")</script>'
NAMES = {
    "model": f"{SCRIPT}<img src=x onerror=alert(1)> | a\nb\r\n`c` ![d](https://evil.example/t.png) [e](javascript:f)",
    "cpu": "=cmd|' /C calc'!A0 </script><svg onload=alert(2)> & \\end{document} $x_1^2$ % # ~ {{}} [^99]",
    "data": "‮drawkcab‬\x00\x1b[31m &lt;b&gt; ]]> --> **bold** <!-- \u2028 end",
    "code": "n" * 5000,
}


def record():
    made = make_record()
    made["model"]["name"] = NAMES["model"]
    made["device"]["host"]["cpu"] = NAMES["cpu"]
    made["data"]["name"] = NAMES["data"]
    made["device"]["host"]["platform"] = NAMES["code"]
    made["model"]["parameters"] = 10**19
    made["backend"]["versions"] = {SCRIPT: NAMES["model"]}
    return made


def hostile():
    """Two runs, so that they are compared, too."""
    runs = (record(), record() | {"artifact": make_record(target="tflite-int8")["artifact"]})
    return material.of(published.load(PAPER), [summarise(run) for run in runs])
