"""Importing a step's own modules from their text, never from bytecode.

Python takes bytecode for fresh when the source has the same size and the same second of change: a
module that is edited twice within a second would run as it was, under the digest of what it is.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    SourceFileLoader,
)
from types import CodeType


class FromText(SourceFileLoader):
    """Compiles a module's text; neither reads nor writes bytecode."""

    def get_code(self, fullname: str) -> CodeType:
        """Return the code of the module."""
        path = self.get_filename(fullname)
        code: CodeType = self.source_to_code(self.get_data(path), path)
        return code


def import_from_text(folders: Iterable[str]) -> None:
    """Have the modules in these folders, but not in those below them, imported in this way."""
    fresh = frozenset(folders)

    def finder(folder: str) -> FileFinder:
        if folder not in fresh:
            raise ImportError(folder)
        extensions = (ExtensionFileLoader, EXTENSION_SUFFIXES)
        return FileFinder(folder, extensions, (FromText, SOURCE_SUFFIXES))

    sys.path_hooks.insert(0, finder)
    for folder in fresh:
        sys.path_importer_cache.pop(folder, None)
