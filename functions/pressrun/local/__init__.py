"""The local cloud: the same template, handlers and event shapes as on AWS, on one machine. Not in the Lambda package.

`aws` is moto behind one lock, `corrections` what makes it behave as AWS, `stack` the resources of infra/template.yaml, `functions` and
`mapping` what Lambda does with them, `cdn` and `web` what CloudFront does, and `cloud` all of it together.

What it does not show, known and left open:

- Permissions: neither roles nor policies are enforced. The template's tests judge them. S3 asks for no signature, and a signed address never expires.
- Lifecycle rules: nothing in a bucket grows old.
- A folder cannot hold both ``a`` and ``a/b``, as a bucket can: the second of them is in the bucket alone, and gone with the next start.
- Order and repetition: queues deliver in order and once unless a function fails, S3 announces at once. `weather` and `storm` stir.
- Eventual consistency: every read of DynamoDB is strong, also of an index.
- Throttling, quotas and cold starts; a function over its timeout is only reported. DynamoDB's 4 MB a transaction is not held.
- Conditional writes are refused with 412, never with the 409 of a write that is still going on.
- DynamoDB's TTL deletes nothing, and queues keep messages for ever.
- The CDN is one edge without Brotli, byte ranges and revalidation, and plain http, so HSTS is taken off where it is served.
- Functions share one process, where one of them runs at a time; os.environ holds what they agree on. Two at once are in `storm`.
"""
