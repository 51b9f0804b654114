"""Charts of the report: plain data from records (a file a picture), drawn by matplotlib and by plotly.

A page embeds a Drawing as document.Picture(name, caption, alternative, chart).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgebench.records.explained import Explained
    from edgebench.records.published import Published
    from edgebench.records.summary import Summary
    from edgebench.report.charts.chart import Drawing
    from edgebench.report.evaluated import View


def pictures(
    runs: Sequence[Summary], view: View, paper: Published, explained: Sequence[Explained] = ()
) -> tuple[Drawing, ...]:
    """All that the records are enough for: of runs as rows.current has them, evaluations and explanations."""
    return (*of_runs(runs, explained), *of_evaluations(view, paper))


def of_runs(runs: Sequence[Summary], explained: Sequence[Explained] = ()) -> tuple[Drawing, ...]:
    """Of the page on Table 7: the choice, end-to-end time, error by precision, minutes, layers, agreement."""
    from edgebench.report.charts import agreement, defocus, end_to_end, error_latency, layers, minutes

    found = [
        error_latency.picture(runs),
        end_to_end.picture(runs),
        defocus.of_runs(runs),
        minutes.picture(runs),
        *layers.pictures(explained),
        agreement.picture(runs),
    ]
    return tuple(one for one in found if one is not None)


def of_evaluations(view: View, paper: Published) -> tuple[Drawing, ...]:
    """Of the page on Tables 1 to 6: samples, predicted against true, work, defocus, JPEG."""
    from edgebench.report.charts import defocus, samples, sensitivities, truth

    found = [
        samples.picture(paper, view),
        truth.picture(view),
        sensitivities.macs(view),
        defocus.of_evaluations(view),
        sensitivities.jpeg(view),
    ]
    return tuple(one for one in found if one is not None)
