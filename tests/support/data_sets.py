"""Data sets that nobody here tuned for: bundled with other packages, or made up."""

import csv
import gzip
import json
from importlib.resources import files

import numpy as np
import pandas as pd


def diabetes(folder):
    """442 patients, 10 numbers (scikit-learn)."""
    data = files("sklearn.datasets.data")
    rows, target = (
        gzip.decompress((data / f"diabetes_{name}.csv.gz").read_bytes()).decode().splitlines()
        for name in ("data_raw", "target")
    )
    names = ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6", "progression"]
    lines = [",".join([*row.split(), goal]) for row, goal in zip(rows, target, strict=True)]
    path = folder / "diabetes.csv"
    path.write_text("\n".join([",".join(names), *lines]))
    return path, "progression"


def penguins(folder):
    """344 penguins, text and numbers, both with missing values (palmerpenguins)."""
    text = (files("palmerpenguins") / "data" / "penguins.csv").read_text()
    rows = [row for row in csv.reader(text.splitlines()) if row[5] not in ("", "NA")]
    path = folder / "penguins.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return path, "body_mass_g"


def cars(folder):
    """406 cars: text, dates, missing values, names that are nearly identifiers (vega_datasets)."""
    rows = json.loads((files("vega_datasets") / "_data" / "cars.json").read_text())
    table = pd.DataFrame(rows).dropna(subset=["Miles_per_Gallon"])
    table.to_csv(folder / "cars.csv", index=False, sep=";")
    return folder / "cars.csv", "Miles_per_Gallon"


def barley(folder):
    """120 fields, all of it text but the year (vega_datasets)."""
    rows = json.loads((files("vega_datasets") / "_data" / "barley.json").read_text())
    pd.DataFrame(rows).to_parquet(folder / "barley.parquet")
    return folder / "barley.parquet", "yield"


def driving(folder):
    """55 years of driving and the price of petrol (vega_datasets)."""
    rows = json.loads((files("vega_datasets") / "_data" / "driving.json").read_text())
    pd.DataFrame(rows).to_csv(folder / "driving.csv", index=False)
    return folder / "driving.csv", "miles"


def shop(folder, rows=100_000):
    """100,000 sales: an id, text with 300 levels, booleans, a tenth of the values missing."""
    random = np.random.default_rng(8)
    article = random.integers(0, 300, rows)
    price = random.lognormal(2, 0.5, rows)
    promoted = random.random(rows) < 0.2
    day = random.choice(["Mon", "Tue", "Wed", "Thu", "Fri", "Sat"], rows)
    level = random.normal(50, 10, 300)
    sold = level[article] - 2 * price + 15 * promoted + 8 * (day == "Sat")
    table = pd.DataFrame(
        {
            "id": np.arange(rows) + 5000,
            "article": [f"A-{number:03}" for number in article],
            "shop": random.choice(["north", "süd", "west <1>"], rows),
            "day": day,
            "price in €": price,
            "promoted": promoted,
            "sold": sold + random.normal(0, 5, rows),
        }
    )
    for name in ("day", "price in €"):
        table.loc[random.random(rows) < 0.1, name] = None
    table.to_parquet(folder / "shop.parquet")
    return folder / "shop.parquet", "sold"
