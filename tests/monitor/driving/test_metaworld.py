"""metaworld's tasks in pairs. What needs the simulator is run by `make test-world`."""

from __future__ import annotations

import numpy as np
import pytest

from heedmap.data.observation import of_frame
from heedmap.errors import InputError, MissingExtraError
from heedmap.monitor.driving.metaworld import MetaWorldTask
from heedmap.testbed.metaworld import DIMENSIONS, TASKS, heeding, make_task


@pytest.fixture
def drawer() -> MetaWorldTask:
    try:
        return MetaWorldTask("drawer-open")
    except (MissingExtraError, InputError) as error:
        pytest.fail(str(error), pytrace=False)


def test_each_task_undoes_the_one_that_undoes_it_and_no_two_say_the_same() -> None:
    assert {name: TASKS[task.undone_by].undone_by for name, task in TASKS.items()} == {
        name: name for name in TASKS
    }
    texts = [text for task in TASKS.values() for text in (task.text, task.paraphrase)]
    assert len(set(texts)) == len(texts)


def test_an_unknown_task_is_named_with_those_that_there_are() -> None:
    with pytest.raises(InputError, match="'juggle' is no task here; write one of drawer-open"):
        make_task("juggle")


def test_the_expert_rests_without_words_or_state() -> None:
    seen = of_frame(np.zeros((8, 8, 3), np.uint8))
    rows = heeding()([seen, seen], ["", "open the drawer"])
    assert rows.abs().sum() == 0
    assert rows.shape == (2, DIMENSIONS)


@pytest.mark.world
def test_the_expert_of_what_is_said_gets_there_and_each_seed_is_the_same_again(
    drawer: MetaWorldTask,
) -> None:
    policy = heeding()
    drawer.begin(1)
    first = drawer.look()
    drawer.begin(2)
    assert drawer.look().observation.sha256 != first.observation.sha256
    drawer.begin(1)
    assert drawer.look().observation.sha256 == first.observation.sha256
    for _ in range(150):
        seen = drawer.look()
        (row,) = policy([seen.observation], [seen.texts["right"]])
        drawer.act(row.double().numpy())
        if drawer.reached("target"):
            break
    assert drawer.reached("target")
    assert drawer.look().phase == "after_grasp"
    drawer.close()
