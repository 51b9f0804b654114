"""A document as LaTeX that pdflatex sets with booktabs and graphicx alone: wide tables are scaled to the page."""

from __future__ import annotations

from edgebench.report.document import Block, Bullets, Cell, Document, Heading, Picture, Table, Text, text_of
from edgebench.report.formats.spans import plain, spans

ROWS = 34  # of a table on one page; a longer one goes on below its headers
_HEAD = r"""\documentclass[10pt,a4paper]{article}
\usepackage[a4paper,landscape,margin=15mm]{geometry}
\usepackage[T1]{fontenc}
\usepackage{textcomp,booktabs,graphicx}
\newsavebox{\fitted}
\newcommand{\fit}[1]{\sbox{\fitted}{#1}\noindent\ifdim\wd\fitted>\textwidth
  \resizebox{\textwidth}{!}{\usebox{\fitted}}\else\usebox{\fitted}\fi\par\medskip}
\setlength{\parindent}{0pt}\setlength{\parskip}{4pt}\sloppy
"""
_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "^": r"\textasciicircum{}",
    "_": r"\_", "~": r"\textasciitilde{}", "%": r"\%", "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
    '"': r"\textquotedbl{}", "'": r"\textquotesingle{}", "`": r"\textasciigrave{}", "-": "{-}", "[": "{[}", "]": "{]}",
    "\u00b1": r"\textpm{}", "\u00d7": r"\texttimes{}", "\u00b5": r"\textmu{}",
    "\u03bc": r"\textmu{}", "\u00b0": r"\textdegree{}",
    "\u2026": r"\ldots{}", "\u2013": r"\textendash{}", "\u2014": r"\textemdash{}",
    "\u2264": r"$\leq$", "\u2265": r"$\geq$",
}  # fmt: skip
_SECTIONS = {1: "section*", 2: "section*", 3: "subsection*"}


def render(document: Document) -> str:
    """A whole file, the same for the same document; pictures are named, not set."""
    parts = [_HEAD + "\\begin{document}", f"\\section*{{{_text(document.title)}}}"]
    parts += [_block(block) for block in document.blocks]
    if document.notes:
        parts.append("\\section*{Notes}\n\\footnotesize")
        parts += [f"\\textsuperscript{{{number}}} {_text(text)}\\par" for text, number in document.notes.items()]
    return "\n\n".join([*parts, "\\end{document}"]) + "\n"


def escape(text: str) -> str:
    """ASCII alone: a letter that the fonts may lack is written by its number."""
    return "".join(_SPECIAL.get(letter) or (letter if letter.isascii() else f"U+{ord(letter):04X}") for letter in text)


def _block(block: Block) -> str:
    if isinstance(block, Heading):
        return f"\\{_SECTIONS.get(block.level, 'subsubsection*')}{{{_text(block.text)}}}"
    if isinstance(block, Text):
        return _text(block.markdown)
    if isinstance(block, Bullets):
        items = "\n".join(f"\\item {{}}{_text(line)}" for line in block.lines)
        return f"\\begin{{itemize}}\n{items}\n\\end{{itemize}}" if items else ""
    if isinstance(block, Picture):
        return f"\\emph{{Picture {escape(plain(block.name))}: {_text(block.caption)}}}"
    return _table(block)


def _table(table: Table) -> str:
    columns = "l" * table.left + "r" * (len(table.headers) - table.left)
    head = _row(table.headers)
    parts = [_text(table.caption)] if table.caption else []
    for start in range(0, len(table.rows), ROWS):
        rows = "\n".join(_row(row) for row in table.rows[start : start + ROWS])
        parts.append(
            f"\\fit{{\\begin{{tabular}}{{@{{}}{columns}@{{}}}}\n\\toprule\n{head}\n\\midrule\n{rows}\n"
            "\\bottomrule\n\\end{tabular}}"
        )
    return "\n\n".join(parts)


def _row(cells: tuple[Cell, ...]) -> str:
    return " & ".join(_text(text_of(cell)) for cell in cells) + r" \\"


def _text(text: str) -> str:
    found = []
    for span in spans(text):
        inner = _text(span.text) if span.kind == "bold" else escape(span.text)
        form = {"code": "\\texttt{%s}", "mark": "\\textsuperscript{%s}", "bold": "\\textbf{%s}"}.get(span.kind, "%s")
        found.append(form % inner)
    return "".join(found)
