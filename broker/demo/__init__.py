"""The demonstration: four organisations, one case, no real person."""
