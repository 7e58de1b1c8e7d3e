"""Ingest: normalise → match/merge → enrich → tag, then the catalogue saves."""
