"""Where people's data is actually read: one module per way of reading or keeping a party's fields."""
