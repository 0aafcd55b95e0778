"""The four source systems of the demonstration, filled with people who do not exist."""
