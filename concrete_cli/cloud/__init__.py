"""Runs, models and endpoints that are elsewhere, in the words of those that are here."""
