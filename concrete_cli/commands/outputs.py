"""The documents that `--json` prints, one type a command: `concrete schema --output NAME`.

A reader may count on what stands here while `schema_version` is the same; more may be added.
"""

from __future__ import annotations

from typing import (
    Any,
    Literal,
    NotRequired,
    TypedDict,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from concrete_cli.errors import NotFound

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SIMPLE = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    type(None): "null",
}
State = Literal["waiting", "running", "done", "reused", "failed", "skipped"]
Status = Literal["running", "done", "failed", "cancelled", "interrupted"]


class Document(TypedDict):
    """What every document says."""

    schema_version: Literal[1]


# --- errors


class Problem(TypedDict):
    """One thing that is wrong in an experiment; lines and columns count from 1, 0 is unknown."""

    message: str
    file: str
    line: int
    column: int
    help: str


class ErrorFacts(TypedDict):
    """What went wrong, and what to do; `kind` is one of a few, each with its exit code."""

    kind: str
    message: str
    help: str
    problems: NotRequired[list[Problem]]
    step: NotRequired[str]
    run: NotRequired[str]
    tail: NotRequired[str]
    log: NotRequired[str]
    replay: NotRequired[str]


class ErrorWithCode(ErrorFacts):
    """An error that ended the command."""

    exit_code: int


class Error(Document):
    """What any command prints when it fails."""

    error: ErrorWithCode


# --- runs


class StepFacts(TypedDict):
    """A step of a run."""

    name: str
    state: State
    seconds: float
    attempt: int


class Scores(TypedDict):
    """Means over the folds; `se` is the standard error of the experiment's metric."""

    rmse: float | None
    mae: float | None
    r2: float | None
    se: float | None


class Spread(TypedDict):
    """A mean with its standard error."""

    mean: float | None
    se: float | None


class Candidate(TypedDict):
    """A line of the leaderboard; `difference` is that to the best, fold by fold."""

    candidate: str
    status: str
    error: str | None
    cv: Scores | None
    difference: Spread | None
    seconds: float | None


class Selected(TypedDict):
    """The candidate that was selected."""

    candidate: str
    cv: Scores


class TestScores(TypedDict):
    """Scores on the test rows; `coverage` is the share of them inside their interval."""

    rows: int
    rmse: float
    mae: float
    r2: float | None
    rmse_ci: list[float]
    coverage: float
    width: float


class Paths(TypedDict):
    """Folders of a run."""

    run: str
    leaderboard: NotRequired[str | None]
    model: NotRequired[str | None]
    report: NotRequired[str | None]


class Run(Document):
    """What a run came to; what has not come about is null."""

    run: str
    workflow: str
    backend: str
    status: Status
    seconds: float
    steps: list[StepFacts]
    failure: ErrorFacts | None
    notices: list[str]
    warnings: list[str]
    leaderboard: list[Candidate]
    selected: Selected | None
    test: TestScores | None
    paths: Paths


class OwnRun(Run):
    """A run of an own pipeline: `outputs` are the folders that no other step reads."""

    outputs: dict[str, str | None]


class Tuning(TypedDict):
    """What tuning came to; `best_trial` was measured on the folds that chose it."""

    trials: int
    seconds: float
    best: float | None
    gain: float | None
    gain_se: float | None
    kept: Literal["tuned", "untuned"]
    untuned: float
    metric: str
    done: int
    stopped: int
    failed: int
    params: dict[str, Any] | None
    best_trial: float | None


class Gate(TypedDict):
    """A rule of [register], and whether the model meets it."""

    metric: str
    value: float | None
    rule: str
    met: bool
    note: NotRequired[str]


class Ref(TypedDict):
    """A version of a model."""

    name: str
    version: int


class Unregistered(TypedDict):
    """What to add to which experiment, so that its model is registered."""

    file: str
    add: list[str]


class TunedRun(Run):
    """A run of finetune."""

    tuning: Tuning | None
    gates: list[Gate]
    registered: Ref | None
    unregistered: Unregistered | None


class UnmetGate(TunedRun):
    """A run whose model meets not all of its gates: its result, and the error."""

    error: ErrorWithCode


class AnyRun(Run):
    """A run of any workflow."""

    outputs: NotRequired[dict[str, str | None]]
    tuning: NotRequired[Tuning | None]
    gates: NotRequired[list[Gate]]
    registered: NotRequired[Ref | None]
    unregistered: NotRequired[Unregistered | None]


class SeenStep(TypedDict):
    """A step of a run that was made on another machine."""

    name: str
    state: State
    seconds: float
    detail: str


class Seen(Document):
    """A run that was made on another machine, as far as it can be seen from here."""

    handle: str
    backend: str
    status: str
    steps: list[SeenStep]


class RunLine(TypedDict):
    """A run in the list."""

    run: str
    status: str
    workflow: str | None
    experiment: str | None
    backend: str | None
    created: str | None
    seconds: float | None
    damage: NotRequired[str | None]


class RunList(Document):
    """The runs, newest first."""

    runs: list[RunLine]


class Logs(Document):
    """What each step has printed."""

    logs: dict[str, str]


class Changed(TypedDict):
    """A parameter of a step that two runs have different values of."""

    step: str
    param: str
    values: list[Any]


class Library(TypedDict):
    """A library of which two runs used different versions."""

    library: str
    values: list[str]


class Both(TypedDict):
    """The scores of a candidate in two runs."""

    candidate: str
    cv: list[Scores | None]


class Comparison(Document):
    """Two runs side by side; `only` names the steps that one of them has."""

    runs: list[str]
    only: list[list[str]]
    params: list[Changed]
    versions: list[Library]
    leaderboard: list[Both]
    test: list[TestScores | None]
    selected: list[Selected | None]
    seconds: list[float]


class Cancelled(Document):
    """A run that was asked to stop."""

    run: str
    status: str


class Collected(Document):
    """What gc removed, or would; `served` are runs that stay: an endpoint serves their models."""

    runs: int
    entries: int
    bytes: int
    names: list[str]
    served: dict[str, str]
    removed: bool


class Page(Document):
    """A page that was written."""

    runs: list[str]
    path: str
    bytes: int


class Fetched(Document):
    """An output that was copied."""

    run: str
    output: str
    path: str
    files: int
    bytes: int


# --- experiments


class Made(Document):
    """An experiment that init has written."""

    folder: str
    experiment: str
    rows: int
    target: str
    columns: list[str]
    left_out: dict[str, str]
    notices: list[str]
    notes: list[str]


class Value(TypedDict):
    """A value of an experiment, and where it comes from."""

    key: str
    value: Any
    origin: Literal["default", "file", "extends", "--set", "command line", "environment"]
    place: str


class Checked(Document):
    """An experiment without a problem; `values` with --origins."""

    file: str
    name: str
    candidates: list[str]
    steps: int
    notices: list[str]
    problems: list[Problem]
    values: NotRequired[list[Value]]


class Forecast(TypedDict):
    """What a step would do: `run` has made what is reused, `seconds` is how long it took."""

    step: str
    decision: Literal["run", "reuse"]
    run: str
    why: list[str]
    seconds: float


class Plan(Document):
    """What each step of a plan would do."""

    plan: str
    steps: list[Forecast]


class Why(Forecast):
    """What a step would do, and why."""

    schema_version: Literal[1]


class Pinned(Document):
    """A URL, and the digest of what it holds."""

    source: str
    sha256: str
    bytes: int


class Scored(Document):
    """Rows that were predicted; `odd` counts those with an unusual value, by column."""

    run: str
    rows: int
    warned: int
    odd: dict[str, int]
    seconds: float
    out: str
    rows_per_second: float


# --- models


class ModelLine(TypedDict):
    """A version in the list."""

    name: str
    version: int
    aliases: list[str]
    created: str | None
    metrics: dict[str, Any] | None
    run: str | None


class Listed(ModelLine):
    """A version in the list; there is damage where it could not be read."""

    damage: NotRequired[str | None]


class ModelList(Document):
    """Versions of models, newest first."""

    models: list[Listed]


class Model(ModelLine):
    """All that is known of a version."""

    schema_version: Literal[1]
    path: str
    damage: str | None
    files: dict[str, Any] | None
    content: str | None
    model: str | None
    candidate: str | None
    params: dict[str, Any] | None
    cv: dict[str, Any] | None
    signature: dict[str, Any] | None
    interval: dict[str, Any] | None
    versions: dict[str, Any] | None
    code: list[str]
    lineage: dict[str, Any]
    card: str | None


class Verified(TypedDict):
    """A version, and what is wrong with its files."""

    name: str
    version: int | None
    damage: str | None


class Verification(Document):
    """Whether versions are as they were registered."""

    models: list[Verified]


class Tagged(Document):
    """The version that an alias stands for now."""

    name: str
    version: int
    alias: str


class Untagged(Document):
    """An alias that is gone."""

    name: str
    alias: str


class Exported(Document):
    """A version in a file."""

    name: str
    version: int
    file: str


class Imported(Document):
    """The version that a file has become."""

    registered: Ref


class Deleted(Document):
    """A version that is gone, or would be."""

    deleted: NotRequired[Ref]
    would_delete: NotRequired[Ref]


class Carried(Document):
    """A version here, and in a cloud."""

    way: Literal["pulled", "pushed"]
    here: Ref
    there: Ref
    backend: str


class Reproduced(Document):
    """Whether a model was made again."""

    model: str
    same: bool
    metrics: dict[str, list[float | None]]
    files: dict[str, bool]
    differences: list[str]


# --- serving


class EndpointFacts(TypedDict):
    """An endpoint; a cloud says less of it than this machine."""

    endpoint: str
    url: str
    model: str
    status: str
    pid: int | None
    workers: int | None
    created: float | None
    key_file: NotRequired[str]
    log: NotRequired[str]
    loopback: NotRequired[bool]
    hosts: NotRequired[list[str]]
    origins: NotRequired[list[str]]
    root_path: NotRequired[str]
    registered: NotRequired[bool]
    backend: NotRequired[str]
    moved_from: NotRequired[str]
    damage: NotRequired[str]


class Endpoint(EndpointFacts):
    """One endpoint."""

    schema_version: Literal[1]


class EndpointList(Document):
    """All endpoints."""

    endpoints: list[EndpointFacts]


class Removed(Document):
    """An endpoint that is gone."""

    endpoint: str
    status: Literal["removed"]


# --- elsewhere, and at given times


class Published(Document):
    """An address that starts a plan."""

    name: str
    id: str
    url: str
    parameters: dict[str, Any]
    curl: str
    backend: str


class Withdrawn(Document):
    """An address that starts nothing any more."""

    name: str
    status: Literal["withdrawn"]


class ScheduleFacts(TypedDict):
    """When a plan is started."""

    id: str
    name: str
    when: str
    pipeline: str
    active: bool
    kind: NotRequired[str]
    text: NotRequired[str]
    installed: NotRequired[bool]


class Schedule(ScheduleFacts):
    """One schedule."""

    schema_version: Literal[1]
    backend: NotRequired[str]


class ScheduleList(Document):
    """All schedules."""

    schedules: list[ScheduleFacts]


class Unscheduled(Document):
    """A schedule that is gone, or only disabled."""

    name: str
    status: Literal["deleted", "disabled"]
    why: str


class Compared(TypedDict):
    """A step of a rehearsal."""

    name: str
    equal: bool
    differences: list[str]


class Rehearsal(Document):
    """Whether a cloud's pipeline comes to what the local run does."""

    equal: bool
    backend: str
    run: str
    steps: list[Compared]


# --- the machine


class Doctor(Document):
    """What there is on this machine, or, of a cloud, what a run there needs."""

    concrete: NotRequired[dict[str, Any]]
    libraries: NotRequired[dict[str, Any]]
    extras: NotRequired[dict[str, Any]]
    backends: NotRequired[dict[str, Any]]
    disk: NotRequired[dict[str, Any]]
    backend: NotRequired[str]
    findings: NotRequired[list[dict[str, Any]]]


class Warm(Document):
    """The process that keeps libraries imported; null: there is none."""

    warm: dict[str, Any] | None


class Stopped(Document):
    """Whether there was one."""

    stopped: bool


OUTPUTS: dict[str, Any] = {
    "error": Error | UnmetGate,
    "init": Made,
    "check": Checked,
    "plan": Plan,
    "why": Why,
    "train": Run,
    "finetune": TunedRun,
    "run": OwnRun,
    "pin": Pinned,
    "runs": RunList,
    "show": AnyRun | Seen,
    "logs": Logs,
    "report": Page,
    "compare": Comparison,
    "resume": AnyRun,
    "cancel": Cancelled,
    "fetch": Fetched,
    "gc": Collected,
    "models list": ModelList,
    "models show": Model,
    "models tag": Tagged,
    "models untag": Untagged,
    "models verify": Verification,
    "models delete": Deleted,
    "models import": Imported,
    "models export": Exported,
    "models pull": Carried,
    "models push": Carried,
    "score": Scored,
    "reproduce": Reproduced,
    "deploy": Endpoint,
    "endpoints list": EndpointList,
    "endpoints show": Endpoint,
    "endpoints stop": Endpoint | Removed,
    "endpoints restart": Endpoint,
    "endpoints rotate-key": Endpoint,
    "rehearse": Rehearsal,
    "publish": Published | Withdrawn,
    "schedule": Schedule,
    "schedules list": ScheduleList,
    "schedules disable": Schedule,
    "schedules delete": Unscheduled,
    "doctor": Doctor,
    "warm start": Warm,
    "warm stop": Stopped,
    "warm status": Warm,
}


def schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema of what a command prints with --json."""
    if name not in OUTPUTS:
        raise NotFound("output", name, OUTPUTS)
    parts: dict[str, Any] = {}
    made = _schema(OUTPUTS[name], parts)
    return {"$schema": DIALECT, "title": f"concrete {name} --json", **made, "$defs": parts}


def _schema(kind: Any, parts: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a type; those of tables are put into `parts`."""
    origin, inside = get_origin(kind), get_args(kind)
    if kind is Any:
        return {}
    if is_typeddict(kind):
        if kind.__name__ not in parts:
            parts[kind.__name__] = {}
            parts[kind.__name__] |= _table(kind, parts)
        return {"$ref": f"#/$defs/{kind.__name__}"}
    if origin is Literal:
        return {"enum": list(inside)}
    below = [_schema(one, parts) for one in inside]
    if origin is list:
        return {"type": "array", "items": below[0]}
    if origin is dict:
        return {"type": "object", "additionalProperties": below[1]}
    return {"anyOf": below} if below else {"type": SIMPLE[kind]}


def _table(kind: Any, parts: dict[str, Any]) -> dict[str, Any]:
    hints = get_type_hints(kind, include_extras=True)
    optional = [name for name, hint in hints.items() if get_origin(hint) is NotRequired]
    plain = {name: get_args(hint)[0] if name in optional else hint for name, hint in hints.items()}
    return {
        "type": "object",
        "description": kind.__doc__,
        "properties": {name: _schema(hint, parts) for name, hint in plain.items()},
        "required": [name for name in hints if name not in optional],
    }
