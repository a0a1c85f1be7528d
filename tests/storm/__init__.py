"""The storm: every promise held against every fault, at every AWS call. ``docs/storm.md`` says what is tried and how to replay it."""
