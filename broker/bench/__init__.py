"""Measurements, each beside a plain version of the same work in the same run. Measuring code only; the command line prints it."""
