"""What is measured, and how. `make bench` runs all of it; `python -m tests.bench PART…` some.

It stands among the tests because it publishes through their stage and starts functions under their Lambda; no test runs it. What must hold is in the
tests, as exact counts. Times are CPU seconds where one thing is measured, and ratios of pairs in one run where two are compared.
"""
