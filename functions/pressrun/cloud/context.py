"""What Lambda hands to a function besides the event."""

from typing import Protocol


class LambdaContext(Protocol):
    """What Lambda hands to a function: https://docs.aws.amazon.com/lambda/latest/dg/python-context.html"""

    function_name: str
    memory_limit_in_mb: int
    invoked_function_arn: str
    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int:
        """Until Lambda ends the invocation, and all of its messages come back."""
