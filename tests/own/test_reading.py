"""A table as an Excel of elsewhere writes it, from `init` to predictions, in each dialect."""

import gzip

import numpy as np
import pandas as pd


def german(number):
    return f"{number:,.2f}".translate({44: ".", 46: ","})


def lines(rows, number, delimiter=";"):
    kept = [delimiter.join(rows.columns)]
    kept += [
        delimiter.join(one if isinstance(one, str) else number(one) for one in row)
        for row in rows.to_numpy()
    ]
    return "\r\n".join([*kept, ""])


def test_from_init_to_predictions(concrete, tmp_path):
    random = np.random.default_rng(0)
    rows = pd.DataFrame(
        {
            "gr\u00f6\u00dfe": random.uniform(0, 3000, 90).round(2),
            "art": random.choice(["\u20ac", "rot", "blau"], 90),
            "slump": random.uniform(0, 9, 90).round(1),
        }
    )
    rows["preis"] = (rows["gr\u00f6\u00dfe"] * 2 + 100).round(2)
    text = rows.astype({"slump": object})
    text.loc[:60, "slump"] = "-"
    (tmp_path / "rows.csv").write_bytes(lines(text, german).encode("cp1252"))
    few = rows.drop(columns="preis")[70:]
    (tmp_path / "german.csv.gz").write_bytes(gzip.compress(lines(few, german).encode("cp1252")))
    few.to_csv(tmp_path / "plain.csv", index=False)
    few.to_parquet(tmp_path / "rows.parquet")
    parts = tmp_path / "parts"
    parts.mkdir()
    few[:10].to_csv(parts / "part-0.tsv", index=False, sep="\t", decimal=",")
    few[10:].to_csv(parts / "part-1.tsv", index=False, sep="\t", decimal=",")

    made = concrete("init", "e", "--data", "rows.csv", "--target", "preis", "--json").json()
    models = 'train.candidates={ridge={model="ridge"}}'
    concrete("train", "e/concrete.toml", "--set", models, "--quiet")
    found = []
    for name in ("german.csv.gz", "plain.csv", "rows.parquet", "parts"):
        words = ["--model", "run:latest", "--data", name, "--out", "p.csv", "--quiet"]
        concrete("score", "e/concrete.toml", *words)
        found.append(pd.read_csv(tmp_path / "p.csv"))

    said = " ".join(made["notes"])
    assert "read as Windows-1252" in said
    assert "column 'slump' is read with decimal commas and with '-' as missing values" in said
    assert "columns 'gr\u00f6\u00dfe', 'preis' are read with decimal commas and with '.'" in said
    for one in found:
        pd.testing.assert_frame_equal(one, found[0])
    assert found[0]["warnings"].isna().sum() > 15
    wanted = few["gr\u00f6\u00dfe"].to_numpy() * 2 + 100
    assert np.abs(found[0]["prediction"] - wanted).max() < 100
