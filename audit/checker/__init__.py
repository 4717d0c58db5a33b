"""The checker that is handed out: one file, which the mirror and the evidence bundles use as it is."""
