"""What runs on the device: `python -m edgebench.runner`, a fresh process for each measurement."""
