import itertools

from concrete_cli.backends.azureml_v2.watch import before


def test_what_a_step_waits_for_is_found_once_however_many_ways_lead_there():
    layers = [[f"s{layer}_{number}" for number in range(5)] for layer in range(40)]
    waits = {name: set(above) for above, below in itertools.pairwise(layers) for name in below}

    assert before("s39_0", waits) == {name for layer in layers[:39] for name in layer}
    assert before("s1_0", waits) == set(layers[0])
    assert before("s0_0", waits) == set()
