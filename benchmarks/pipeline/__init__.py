"""What benchmarks/end_to_end.py starts, keeps and prints."""
