"""What a reader answers where there is no output."""


class Refusal(Exception):
    """An input is refused, with a name that every runtime shares."""

    def __init__(self, name):
        super().__init__(name)
        self.name = name


class UnknownForm(Exception):
    """A vector has a form that this program does not know: it may not pass in silence."""
