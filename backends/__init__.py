"""Where a plan runs. Each backend is loaded by the name that concrete_cli.backend has for it."""
