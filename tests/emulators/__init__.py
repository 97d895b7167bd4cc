"""Stand-ins for Azure ML that the real SDKs talk to over loopback and that execute what they get.

They prove our calls, our wiring and our scripts. They cannot prove what only the service does:
image builds, mounts, quotas, identity, and reuse as the service decides it. Their answers come
from reading the SDKs until the SDKs accepted them; none was compared with the real service.

Shipped as `concrete_cli.emulators`, since `concrete rehearse` runs on them.
"""
