"""Reading the log lawfully: who may, of what, for which purpose, and with which trace in the log itself."""
