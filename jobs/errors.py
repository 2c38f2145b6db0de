"""How a job's handler and the job machine interrupt each other."""


class LeaseLost(Exception):
    """Another attempt holds the job now: this one must stop and may write nothing more."""


class CancelRequested(Exception):
    """A person asked for the job to stop: this attempt stops and keeps what it has committed."""


class MoreToDo(Exception):
    """The attempt did its share and stored how far it came: the job goes back to the queue and is taken up again.

    Work that lasts longer than a task may is done in such shares, so that a worker is never held by one job for long
    and a worker that dies costs one share.
    """


class UserFacingJobError(Exception):
    """The job cannot succeed, and trying again would not help.

    `code` is stable; the message is shown to the person who asked, so it says what to do and names no
    patient.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
