"""One TOML experiment, run with the same step scripts on a laptop or on Azure ML."""

__version__ = "0.1.0"
