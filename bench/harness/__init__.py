"""What measures: rivals alternating in one run, spread, CPU-seconds, the machine's ceiling."""
