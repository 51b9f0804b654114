"""Which run it is, how large its model is, and where its record lies."""

from __future__ import annotations

from edgebench.records.summary import Summary
from edgebench.report import verdict
from edgebench.report.columns.cell import count, fixed
from edgebench.report.columns.column import Column, Context, key
from edgebench.report.document import Value
from edgebench.report.names import device
from edgebench.report.rows import slides, verdicts

M = 1e6


def _model(run: Summary, context: Context) -> Value:
    return Value(run.record["model"]["name"] + slides(run, context.notes))


def _backend(run: Summary, context: Context) -> Value:
    return Value(run.record["backend"]["name"] + verdicts(run, "backend", context.notes))


def _data(run: Summary, context: Context) -> Value:
    data = run.record["data"]
    told = data["simulated"] and "simulated" not in data["name"]
    return Value(f"{data['name']}{' (simulated)' if told else ''}")


def _macs(run: Summary, context: Context) -> Value:
    macs = run.record["model"]["macs"]
    return fixed(macs / M if macs else None, 1)


RUN = (
    Column("model", "Model", "", _model, words=True),
    Column("target", "Target", "", lambda run, _: Value(run.record["artifact"]["target"]), words=True),
    Column("backend", "Backend", "", _backend, words=True),
    Column("device", "Device", "", lambda run, _: Value(device(run)), words=True),
    Column("threads", "Threads", "", lambda run, _: count(run.record["settings"]["threads"])),
    Column("batch", "Batch", "", lambda run, _: count(run.record["settings"]["batch_size"])),
    Column("data", "Data", "", _data, words=True),
)
SIZE = (
    Column("file_mb", "File", "MB", lambda run, _: fixed(run.file_mb, 2)),
    Column("parameters", "Parameters", "", lambda run, _: count(run.record["model"]["parameters"] or None)),
    Column("macs_m", "Multiply-adds", "M a patch", _macs),
)
PROVENANCE = (
    Column("verdicts", "Verdicts", "", lambda run, context: Value(verdict.told(run, context.notes)), words=True),
    Column("record", "Record", "", lambda run, _: Value("/".join(key(run))), words=True),
    Column("sha256", "SHA-256", "", lambda run, context: Value(context.hashes[key(run)]), words=True),
)
