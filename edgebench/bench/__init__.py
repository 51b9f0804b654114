"""What to measure and in which order; every finished cell is a record, and a second call goes on."""
