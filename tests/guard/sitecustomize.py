"""Python children of the tests find this folder on PYTHONPATH and import this at start."""

import netguard

netguard.install()
