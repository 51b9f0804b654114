"""Depth of field of the paper's objective, and the share of the answers that leave an image inside it."""

from __future__ import annotations

import numpy as np

from edgebench.records import clusters
from edgebench.records.clusters import Mean
from edgebench.records.evaluation_metrics import Answers

WAVELENGTH_UM = 0.55  # middle of white light
INDEX = 1.0  # of air: a dry objective
APERTURE = 0.75  # numerical, of the 20x objective (paper, section 1)
DEPTH_UM = WAVELENGTH_UM * INDEX / APERTURE**2  # 0.98 um, the wave-optical depth; the paper says "less than 1 um"
HALF_UM = DEPTH_UM / 2  # of it lies on each side of the plane in focus


def share(answers: Answers) -> Mean:
    """Share with |e| of at most half a depth of field: such a move leaves the image in focus."""
    return clusters.share(answers, np.abs(answers.error_um) <= HALF_UM)
