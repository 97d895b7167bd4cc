"""What a run is made with goes with it as tags, as far as they hold it and it is theirs to know."""

import json

from concrete_cli.backends import travelling

from concrete_cli.cloud import adopting


def test_sets_travel_in_their_order_but_for_what_is_of_this_machine(tmp_path):
    own = ["tracking.mlflow=http://me:secret@here", "backend.azureml.workspace=mine"]
    sets = [*(f"train.candidates.c{number}.model=ridge" for number in range(12)), "x=" + "y" * 2000]
    (tmp_path / "run.json").write_text(json.dumps({"sets": own + sets}))

    tags = travelling.tags(tmp_path)

    assert max(map(len, tags.values())) == travelling.ROOM
    assert "secret" not in str(tags)
    found = travelling.sets({"other": "tag"} | dict(reversed(tags.items())))
    assert found[:-1] == sets[:-1]
    assert found[-1].endswith(adopting.CUT)
    assert travelling.tags(tmp_path / "nowhere") == travelling.tags(tmp_path / "neither") == {}
    assert travelling.sets(None) == []
