"""A loopback Azure ML for azure-ai-ml 1.35: accepts what the SDK sends and executes it.

emulator   what a test or a rehearsal holds in its hand
server     TLS, dispatch, injected faults, the record of every request
wire       bytes to requests, responses to bytes
routing    which function answers which method and path
cloud      the state: documents, blobs, runs
identity workspace assets history schedules     small services
blobs elsewhere     the storage: blobs; the file share and the data lake
submission online batch                               services that start something
execution/                                            what a submitted graph does
"""

from .emulator import Emulator
from .server import Fault

__all__ = ["Emulator", "Fault"]
