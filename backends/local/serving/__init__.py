"""Serving a bundle on this machine: one supervisor, and workers that answer on a shared socket.

The command's side; nothing of it is heavy:
    daemon.py       starts, hands over and ends the supervisor of an endpoint
    start.py        how a supervisor is started     listening.py  the socket it listens on
    bundles.py      the endpoint's own copy         settings.py   settings.json
    key.py          its key                         log.py        its log
    alive.py        which process it is             answers.py    asking it

The daemon's side, started as `python -m ...serving.supervisor`:
    supervisor.py   imports and loads once, hands the socket over to a successor
    model.py        the model of a bundle, loaded
    crew.py         the workers: started, missed, started again
    worker.py       one process that answers; server.py: uvicorn on the shared socket
    door.py         which worker takes the next connection
    protocol.py     HTTP/1.1 of uvicorn, with limits for peers that are slow, idle or greedy
    backlog.py      answers that wait for peers to read them
    guard.py        around the app: hosts, key, request id, log, errors as one line of JSON
    cors.py         pages of other sites that may ask
    app.py          the routes                      body.py       bodies within their limits
    score.py        POST /score; packed.py: gzip    batch.py      requests of one moment
    openapi.py      the document of the routes      board.py      counters of all workers
    page.*          the page at /, for trying the model by hand
"""
