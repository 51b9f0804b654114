"""The instrument measured: programmed times, memory, errors and faults in, and what edgebench makes of them out."""
