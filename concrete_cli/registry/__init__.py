"""Models in numbered versions, and the aliases that stand for them: on disk, in zip files."""
