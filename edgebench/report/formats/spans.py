"""The little markup of a document's text, taken apart: whatever is not one of its few forms is plain text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

LONGEST = 200  # characters of a word; a hash has 64
_KEPT = 80  # of each end of a longer one
_FORMS = re.compile(
    r"`(?P<code>[^`]+)`"
    r"|\[\^(?P<mark>\d{1,6})\]"
    r"|(?<!!)\[(?P<text>[^\[\]]+)\]\((?P<address>#?[\w./-]+)\)"  # no scheme: nothing leads off the page's folder
    r"|\*\*(?P<bold>(?=\S)[^*]+(?<=\S))\*\*"
)


@dataclass(frozen=True)
class Span:
    kind: Literal["text", "code", "mark", "link", "bold"]
    text: str  # of a mark: its number; of what is bold: text that may have code in it
    address: str = ""


def spans(text: str) -> Iterator[Span]:
    """In order, of one line; what cannot be seen is made visible first."""
    text, at = visible(text), 0
    for found in _FORMS.finditer(text):
        if found.start() > at:
            yield Span("text", text[at : found.start()])
        at = found.end()
        kind = found.lastgroup
        if kind == "code":
            yield Span("code", found["code"])
        elif kind == "mark":
            yield Span("mark", found["mark"])
        elif kind == "bold":
            yield Span("bold", found["bold"])
        else:
            yield Span("link", found["text"], found["address"])
    if at < len(text):
        yield Span("text", text[at:])


def plain(text: str) -> str:
    """Without markup and footnote marks."""
    return "".join(
        plain(span.text) if span.kind == "bold" else span.text for span in spans(text) if span.kind != "mark"
    )


def visible(text: str) -> str:
    """One line: controls and marks that turn the direction of reading as escapes; overlong words are cut inside."""
    line = " ".join(text.split())
    if not line.isprintable():
        line = "".join(_shown(letter) for letter in line)
    if len(line) <= LONGEST:
        return line
    return " ".join(word if len(word) <= LONGEST else f"{word[:_KEPT]}…{word[-_KEPT:]}" for word in line.split(" "))


def _shown(letter: str) -> str:
    """Categories: control, format (directions, joiners), surrogate, private use, unassigned, line separators."""
    hidden = unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    return f"\\u{ord(letter):04x}" if hidden else letter
