"""The gates by their names, and what they need: apart, so that a session's parent does without NumPy."""

from __future__ import annotations

INT8_NOT_SLOWER = "int8-not-slower"
ERROR_NOT_WORSE = "error-not-worse"
LATENCY_NOT_WORSE = "latency-not-worse"
GATES = (INT8_NOT_SLOWER, ERROR_NOT_WORSE, LATENCY_NOT_WORSE)
PROCESSES = 4  # of latency, as statistics.py has it for an interval
