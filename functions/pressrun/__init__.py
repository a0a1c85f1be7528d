"""Serverless, event-driven publishing."""

import gc
import os

# What a function imports stays as long as it does. To look for garbage in it would be a quarter of a cold start; `cloud.connect` begins to look.
if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    gc.disable()
