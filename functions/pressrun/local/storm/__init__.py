"""The storm: every promise held against every fault, at every AWS call. ``pressrun storm``; ``docs/reliability.md`` says what is tried and how.

``stage`` is a magazine whose clock, messages and functions one holds in one's hands; ``history`` what happens to it; ``reader`` who looks at every
object there and then, and the reference at the end; ``run`` and ``race`` are one run each; ``command`` is what the command line calls.
"""
