"""edgebench: is a focus regressor fit for an edge device? Convert, measure, report."""

__version__ = "0.1.0"
