"""The clinical vocabulary: one table each of drugs, synonyms, conditions, facts, regimens, sources, for every room."""
