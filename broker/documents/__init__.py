"""What people read of a covenant: its text, registers, tables and effects, as values that two renderers print."""
