"""The transparency log: append-only, RFC 6962, on SQL. Stands alone, so that an outsider can check it without the rest."""
