"""What a student behind an API cannot do, found before anything is paid for. Imports nothing heavy."""

from collections.abc import Mapping, Sequence

from elicitation.errors import InputError

# More tokens than a chat message takes beside its text.
MESSAGE_TOKENS = 16


def check_api_context(
    name: str, context: int, texts: Mapping[str, str], task: str, messages: Sequence[str] = ()
) -> None:
    """InputError if a text might not fit the context, in tokens, of the model called `name`; texts: by id.

    messages: those that stand before every text.

    API models bring no tokenizer, but no token is shorter than a byte, so a text's bytes bound its tokens from above.
    """
    sizes = {i: len(text.encode()) for i, text in texts.items()}
    longest = max(sizes, key=sizes.__getitem__)
    before = sum(len(message.encode()) + MESSAGE_TOKENS for message in messages)
    if before + sizes[longest] > context - MESSAGE_TOKENS:
        behind = f" behind {before} of other messages" if before else ""
        raise InputError(
            f"Task {task!r}: text {longest} has {sizes[longest]} bytes{behind}, which may be as many tokens, but model "
            f"{name!r} reads at most {context}; shorten or drop such texts, or choose a model with a longer context."
        )
