"""The effect of a covenant, and of a change to it: who may see what, compared decision by decision and never line by line."""
