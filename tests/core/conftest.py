"""The same examples on every run and every machine: a failure is a fact about the code, not about the day."""

from hypothesis import settings

settings.register_profile("pressrun", deadline=None, derandomize=True, database=None)
settings.load_profile("pressrun")
