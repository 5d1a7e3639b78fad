"""Names of arms: as different as the arms, and no longer than that takes."""

from hypothesis import given
from hypothesis import strategies as st

from convbias.experiments import EXPERIMENTS
from convbias.experiments.studies import load_study
from convbias.spec.arms import Arm, Convolutional, DataVariant, Dense
from convbias.spec.names import arm_names
from convbias.spec.recipes import classic, scheduled


def names(*arms: Arm) -> list[str]:
    return list(arm_names(arms).values())


def arm(model: Dense | Convolutional | None = None, **data: object) -> Arm:
    variant = DataVariant.model_validate(data)
    return Arm(data=variant, model=model or Dense(), recipe=classic(3))


def test_models_suffice_where_they_differ():
    assert names(arm(canvas=40), arm(Convolutional(kernel_size=5))) == ["dense", "cnn-5x5"]


def test_settings_that_differ_are_added_to_models_that_do_not():
    cnn = Convolutional()
    variants = arm(), arm(cnn, canvas=40), arm(cnn, canvas=40, largest_shift=6), arm(cnn)
    assert names(*variants) == [
        "dense",
        "cnn-3x3 (canvas 40)",
        "cnn-3x3 (canvas 40, largest shift 6)",
        "cnn-3x3",
    ]


def test_no_more_settings_than_tell_recipes_apart():
    recipes = classic(3), scheduled(3, 0.008), scheduled(3, 0.016)
    arms = [Arm(data=DataVariant(), model=Dense(), recipe=recipe) for recipe in recipes]
    assert names(*arms) == [
        "dense (classic)",
        "dense (tuned, learning rate 0.008)",
        "dense (tuned, learning rate 0.016)",
    ]


def test_an_arm_given_twice_has_one_name():
    assert names(arm(), arm()) == ["dense"]


def test_all_arms_of_the_full_study_have_names_of_their_own():
    study = load_study("full")
    arms = [each for name in study.experiments for each in study.arms(EXPERIMENTS[name]).values()]
    named = arm_names(arms)
    assert len(named) == len({each.hash for each in arms})
    assert len(set(named.values())) == len(named)


@given(
    st.lists(
        st.builds(
            arm,
            model=st.sampled_from([Dense(), Convolutional(frozen=True)]),
            training_images=st.sampled_from([None, 100, 200]),
            shuffled_blocks=st.sampled_from([None, 1, 2]),
            scored_on=st.sampled_from(["test", "validation"]),
        )
    )
)
def test_different_arms_have_different_names(arms: list[Arm]):
    named = arm_names(arms)
    assert set(named) == {each.hash for each in arms}
    assert len(set(named.values())) == len(named)
