"""Experiments that the tests of the configuration begin with."""

GOOD = """\
[experiment]
name = "strength"

[data]
source = "mixes.csv"
target = "strength"

[train.candidates]
ridge = { model = "ridge" }
forest = { model = "random_forest", params = { max_depth = 5 } }
"""

FULL = """\
[experiment]
name = "everything"
seed = 4294967295

[data]
source = "mixes.csv"
sha256 = "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
target = "strength"
units = { cement = "kg/m³", "größe 混" = "m" }
drop = ["id"]
categorical = ["kind"]
columns.age = { min = 1, max = 365, missing = false }
columns.kind = { choices = ["a", 1, true] }

[features]
water_cement = "water / cement"
"log of age" = "log1p(age)"

[split]
test_fraction = 0.1
group_by = ["id", "cement"]
stratify = { column = "cement", bins = 4 }

[train]
metric = "r2"
folds = 3

[train.candidates]
ridge = { model = "ridge", params = { alpha = 1e-3 }, max_rows = 10 }
forest = { model = "random_forest", params = { max_depth = 5 } }
own = { model = "mine:Regressor", params = { shape = [1, 2], deep = { x = "y" } } }
voting = { model = "voting", params = { members = ["ridge", "xgboost"] } }

[finetune]
trials = 20
budget = "1m"
workers = 2
sampling = "random"
early_stop = { policy = "bandit", slack_factor = 0.1 }
average = 5

[finetune.space]
ridge = { alpha = "loguniform(-6, 1)" }
forest.max_depth = "choice(3, 5)"
forest.max_features = { type = "uniform", min_value = 0, max_value = 1 }

[register]
name = "strength"
require = { rmse = "<= 6.0", coverage = ">= 0.85" }
better_than = "production"

[tracking]
mlflow = "file:///tmp/x"

[pipeline]
scripts = "scripts"

[pipeline.steps.make]
script = "make.py"
inputs.rows = "mixes.csv"
inputs.both = ["a.csv", "https://x.org/b#sha256=5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e"]
outputs = ["data"]
params = { size = 3 }

[pipeline.steps.use]
script = "use.py"
inputs = { data = "make.data" }
outputs = { report = "mount" }
after = ["make"]

[steps."train_*"]
compute = "big"
cpus = 2
timeout = "10m"
retries = 1
reuse = false
mode = "mount"
destination = "store/path/{run}/{output}"

[backend.local]
keep_warm = "10m"

[backend.azureml]
workspace = "w"
compute.big = { kind = "amlcompute", nodes = 2 }
"""
