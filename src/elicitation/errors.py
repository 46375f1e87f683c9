"""The one exception a user is meant to read."""


class InputError(ValueError):
    """Bad input: one sentence that says what is wrong, where, and how to mend it."""
