"""Every measurement rule of the design is named by a test: test_rN_..."""

from __future__ import annotations

import re
from pathlib import Path

RULES = range(1, 33)


def test_every_rule_has_a_test_that_names_it():
    texts = (path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    named = {int(number) for text in texts for number in re.findall(r"^def test_r(\d+)_", text, re.M)}
    assert sorted(set(RULES) - named) == []
    assert sorted(named - set(RULES)) == []
