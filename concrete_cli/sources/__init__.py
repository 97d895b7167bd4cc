"""Sources on the web: `URL#sha256=DIGEST`, fetched once."""
