"""A simulator of the published microscope: the same layout, samples and counts, from a seed."""

from edgebench.data.simulator.write import simulate

__all__ = ["simulate"]
