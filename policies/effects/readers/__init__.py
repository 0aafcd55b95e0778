"""Where each term of the table stands in a covenant. A reader yields a key and a value for every thing there is."""
