"""What pages show. Reads only, on the reading connection; no rule is decided here."""
