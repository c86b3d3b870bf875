"""The one exception the lab raises on purpose: what was attempted, what happened, what to do."""


class LabError(Exception):
    pass
