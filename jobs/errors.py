"""How a job's handler and the job machine interrupt each other."""


class LeaseLost(Exception):
    """Another attempt holds the job now: this one must stop and may write nothing more."""


class CancelRequested(Exception):
    """A person asked for the job to stop: this attempt stops and keeps what it has committed."""


class UserFacingJobError(Exception):
    """The job cannot succeed, and trying again would not help.

    `code` is stable; the message is shown to the person who asked, so it says what to do and names no
    patient.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
