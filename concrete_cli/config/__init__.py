"""Reading and checking the one TOML file that is an experiment."""

from concrete_cli.config.experiment import Experiment
from concrete_cli.config.load import check_files, load, schema

__all__ = ["Experiment", "check_files", "load", "schema"]
