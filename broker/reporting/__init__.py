"""What the log tells the people it is about, and those who must account for it: the subject report, the reach of a breach, and tallies."""
