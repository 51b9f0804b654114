"""docs/selftest.md, from the record alone."""

from __future__ import annotations

from typing import Any

from edgebench.report import markdown
from edgebench.report.markdown import Table
from edgebench.selftest import parts
from edgebench.selftest.finding import Finding
from edgebench.selftest.parts import PARTS

GIB = 2**30
WORDS = {True: "reached", False: "**not reached**", None: "no goal"}


def document(record: dict[str, Any]) -> str:
    found = parts.findings(record)
    every = [finding for findings in found.values() for finding in findings]
    sections = [
        "# The instrument, measured",
        "<!-- Made by `edgebench selftest --report` from results/selftest/; do not edit. -->",
        "Why should a sceptic believe a figure of edgebench? Because the same instrument was given things whose true "
        f"value is known: **{record['note']}**. Nothing below is the speed of anything. "
        "A goal that is not reached stays on this page.",
        markdown.bullets(list(_facts(record, every))),
        *(_section(name, findings) for name, findings in found.items()),
        "## Again",
        "```\nedgebench selftest --force --write docs/selftest.md   # on a quiet machine; --quick for a first look\n"
        "edgebench selftest --report                            # this page again, from the record\n```",
    ]
    return "\n\n".join(sections) + "\n"


def missed(findings: tuple[Finding, ...] | list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.reached is False]


def _facts(record: dict[str, Any], every: list[Finding]) -> list[str]:
    host = record["device"]["host"]
    asked = [finding for finding in every if finding.reached is not None]
    facts = [
        f"Goals reached: {len(asked) - len(missed(asked))} of {len(asked)}.",
        f"Measured {record['created'][:10]}, edgebench {record['edgebench']}, seed {record['seed']}, code "
        f"`{record['code_sha256'][:12]}`, {sum(record['seconds'].values()) / 60:.0f} minutes.",
        f"Machine: {host['cpu']}, {host['cores']} cores, {host['memory_bytes'] / GIB:.0f} GiB, {host['platform']}, "
        f"Python {host['python']}; load before and after: {record['device']['before']['load']:.2f} and "
        f"{record['device']['after']['load']:.2f}.",
    ]
    if record["quick"]:
        facts.append("**A quick run:** fewer and shorter runs, goals are missed only where the interval excludes them.")
    left_out = [name for name in PARTS if name not in record["parts"]]
    if left_out:
        facts.append(f"**Not run:** {', '.join(left_out)}.")
    return facts


def _section(name: str, findings: tuple[Finding, ...]) -> str:
    part = PARTS[name]
    rows = tuple((one.what, one.found, one.goal, WORDS[one.reached]) for one in findings)
    table = markdown.render(Table(("what", "found", "goal", ""), rows, left=4))
    return f"## {part.title}\n\n*{part.asked}* {part.note}\n\n{table}"
