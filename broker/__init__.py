"""The broker: the service around the covenant. Start reading at `exchange.py`."""
