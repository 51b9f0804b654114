"""Each chart is drawn once, however many formats show it."""

from __future__ import annotations

from functools import cache

from edgebench.report.charts.chart import Chart


@cache
def svg(chart: Chart) -> str:
    from edgebench.report.charts import matplotlib

    return matplotlib.svg(chart)
