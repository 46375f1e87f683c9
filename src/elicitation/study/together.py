"""Whether the students of a study can train together."""

from elicitation.errors import InputError
from elicitation.models.folder import check_together as check_architecture
from elicitation.study.models import OwnModel
from elicitation.study.study import Study


def check_together(study: Study) -> None:
    """InputError if runs are to train together whose student is known to be unfit; jobs check what is fetched later."""
    if not study.training.at_once:
        return
    trained = [group.named["student"] for group in study.groups if not study.method_named[group.method].prompts_only]
    for name in dict.fromkeys(trained):
        model, place = study.model_named[name], f"Config, models[{name}]"
        # Models behind an API train elsewhere.
        if not isinstance(model, OwnModel):
            continue
        if model.gpus > 1 or model.quantization:
            kind = "quantised" if model.quantization else f"spread over {model.gpus} GPUs"
            raise InputError(
                f"{place}: training.runs_together trains models that are whole on one device and not quantised, but "
                f"this one is {kind}; set runs_together: false, and seeds_together: 1."
            )
        check_architecture(place, study.original(model).architecture(study.sources))
