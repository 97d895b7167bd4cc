"""A registered model as MLflow loads it: `mlflow.pyfunc.load_model("models:/NAME@ALIAS")`.

MLflow keeps this file beside the model and runs it to load it; nothing is pickled.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd

from _bundle import load_bundle
from _intervals import interval


class Model(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    """Answers rows with prediction, lower and upper end of the interval."""

    def load_context(self, context: Any) -> None:
        """Load the bundle, after checking its sums."""
        self.pipeline, self.manifest = load_bundle(Path(context.artifacts["bundle"]))

    # MLflow takes annotations here for the types of rows, and warns of those that it does not know.
    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, ARG002
        """Return a table with a line per row."""
        rows = pd.DataFrame(model_input)
        predicted = np.asarray(self.pipeline.predict(rows), dtype=np.float64)
        lower, upper = interval(self.manifest["interval"], predicted)
        return pd.DataFrame({"prediction": predicted, "lower": lower, "upper": upper})


mlflow.models.set_model(Model())
