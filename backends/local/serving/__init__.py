"""Serving a bundle on this machine: one supervisor, and workers that answer on a shared socket.

    supervisor.py   a daemon: imports, loads the model once, forks workers, starts them again
    worker.py       one process that answers: uvicorn on the socket that all workers share
    door.py         which worker takes the next connection
    protocol.py     HTTP/1.1 of uvicorn, with deadlines for slow and idle peers
    guard.py        around the app: hosts, key, request id, log, errors as one line of JSON
    app.py          the routes; the answers themselves come from the bundle's own score.py
    body.py         reading a request's body within its limits
    openapi.py      the document of the routes, from the model's signature
    board.py        counters that all workers write and each can read
    key.py          the key of an endpoint, read again when it changes
    page.*          the page at /, for trying the model by hand

Nothing here is imported by the command: it starts `python -m ...serving.supervisor`.
"""
