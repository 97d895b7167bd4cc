"""Which types the file of a model may hold, by family: nothing else is saved or loaded."""

from __future__ import annotations

COMMON = (
    "_pipeline.Matrix",
    "builtins.dict",
    "builtins.list",
    "builtins.str",
    "builtins.tuple",
    "numpy.dtype",
    "numpy.float64",
    "numpy.int64",
    "numpy.ndarray",
    "sklearn.impute._base.SimpleImputer",
    "sklearn.pipeline.Pipeline",
    "sklearn.preprocessing._data.StandardScaler",
)
TREES = ("sklearn.tree._classes.DecisionTreeRegressor", "sklearn.tree._tree.Tree")
LOSSES = (
    "sklearn._loss._loss.CyAbsoluteError",
    "sklearn._loss._loss.CyHalfGammaLoss",
    "sklearn._loss._loss.CyHalfPoissonLoss",
    "sklearn._loss._loss.CyHalfSquaredError",
    "sklearn._loss._loss.CyHuberLoss",
    "sklearn._loss._loss.CyPinballLoss",
    "sklearn._loss.link.IdentityLink",
    "sklearn._loss.link.Interval",
    "sklearn._loss.link.LogLink",
    "sklearn._loss.loss.AbsoluteError",
    "sklearn._loss.loss.HalfGammaLoss",
    "sklearn._loss.loss.HalfPoissonLoss",
    "sklearn._loss.loss.HalfSquaredError",
    "sklearn._loss.loss.HuberLoss",
    "sklearn._loss.loss.PinballLoss",
)
HISTOGRAMS = "sklearn.ensemble._hist_gradient_boosting"

TYPES: dict[str, tuple[str, ...]] = {
    "linear": ("sklearn.linear_model._base.LinearRegression",),
    "ridge": ("sklearn.linear_model._ridge.Ridge",),
    "knn": (
        "sklearn.metrics._dist_metrics.ChebyshevDistance64",
        "sklearn.metrics._dist_metrics.EuclideanDistance64",
        "sklearn.metrics._dist_metrics.ManhattanDistance64",
        "sklearn.metrics._dist_metrics.MinkowskiDistance64",
        "sklearn.neighbors._ball_tree.BallTree",
        "sklearn.neighbors._kd_tree.KDTree",
        "sklearn.neighbors._regression.KNeighborsRegressor",
    ),
    "svr": (
        "sklearn.compose._target.TransformedTargetRegressor",
        "sklearn.svm._classes.SVR",
    ),
    "decision_tree": TREES,
    "bagging": (*TREES, "sklearn.ensemble._bagging.BaggingRegressor"),
    "random_forest": (*TREES, "sklearn.ensemble._forest.RandomForestRegressor"),
    "extra_trees": (
        "sklearn.ensemble._forest.ExtraTreesRegressor",
        "sklearn.tree._classes.ExtraTreeRegressor",
        "sklearn.tree._tree.Tree",
    ),
    "gradient_boosting": (
        *TREES,
        *LOSSES,
        "numpy.random.mtrand.RandomState",
        "sklearn.dummy.DummyRegressor",
        "sklearn.ensemble._gb.GradientBoostingRegressor",
    ),
    "hist_gradient_boosting": (
        *LOSSES,
        "builtins.slice",
        "numpy.random._generator.Generator",
        "numpy.random.mtrand.RandomState",
        "numpy.uint64",
        f"{HISTOGRAMS}.binning._BinMapper",
        f"{HISTOGRAMS}.gradient_boosting.HistGradientBoostingRegressor",
        f"{HISTOGRAMS}.predictor.TreePredictor",
    ),
    "xgboost": ("builtins.bytearray", "xgboost.core.Booster", "xgboost.sklearn.XGBRegressor"),
    "lightgbm": (
        "collections.OrderedDict",
        "collections.defaultdict",
        "lightgbm.basic.Booster",
        "lightgbm.sklearn.LGBMRegressor",
    ),
    "voting": ("_pipeline.Average",),
}
