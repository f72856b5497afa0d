"""What can go wrong, said in one sentence that names the file, the place and the remedy."""


class ExtractorError(Exception):
    """Something a user can act on; the command line prints its text and exits with `exit_code`, without a traceback."""

    exit_code = 1


class InputError(ExtractorError):
    """A file given to the program cannot be read as what it should be."""

    exit_code = 2


class DataError(ExtractorError):
    """A knowledge file (terms, patterns, context cues, headings) is malformed; the text names its file and line."""

    exit_code = 3


class DocumentError(ExtractorError):
    """A timeline document does not keep its promises: a reference without a target, words that do not stand at their offsets."""

    exit_code = 4


class Interrupted(ExtractorError):  # noqa: N818 - no error: the user wished it
    """The user, or the scheduler of a cluster, ended the program; the text says how to go on."""

    exit_code = 130
