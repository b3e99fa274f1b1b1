"""The clinical vocabulary: one table each of drugs, synonyms, conditions, facts, regimens and sources, for every room."""
