"""A module that the toy steps share."""

WORD = "sibling"
