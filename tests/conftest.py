"""For all tests."""

import signal

# Whoever is started in the background has it ignored, and so have the commands that the tests start and end by it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
