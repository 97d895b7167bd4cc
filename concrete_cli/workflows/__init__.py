"""Workflows: pure functions that compile an experiment into a plan."""
