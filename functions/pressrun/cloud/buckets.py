"""S3, with conditional writes. https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from botocore.exceptions import ClientError

from pressrun.core.site import SiteObject

_CHUNK = 1024 * 1024


class Conflict(Exception):
    """Someone else wrote first: look again and decide anew."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An object as it was read. ``version`` is its VersionId."""

    body: bytes
    etag: str
    version: str
    metadata: dict[str, str]


@dataclass(frozen=True, slots=True)
class Head:
    """An object's headers. ``size`` is in bytes, ``version`` its VersionId."""

    etag: str
    content_type: str
    cache_control: str
    metadata: dict[str, str]
    modified: datetime
    size: int
    version: str

    def holds(self, made: SiteObject) -> bool:
        """Whether the object is, to the byte, what was made; its digest is that of its body."""
        return (self.content_type, self.cache_control, self.metadata) == (made.content_type, made.cache_control, dict(made.metadata))


class Bucket:
    """One bucket. A key that is not there is None, never an error."""

    def __init__(self, s3: Any, name: str) -> None:
        self.s3, self.name = s3, name

    def get(self, key: str, version: str = "") -> Stored | None:
        try:
            found = self.s3.get_object(Bucket=self.name, Key=key, **({"VersionId": version} if version else {}))
        except ClientError as error:
            if _code(error) in ("NoSuchKey", "NoSuchVersion", "404", "MethodNotAllowed"):
                return None
            raise
        return Stored(found["Body"].read(), found["ETag"], found.get("VersionId", ""), found.get("Metadata", {}))

    def body(self, key: str) -> bytes:
        """The object's, b'' where there is none."""
        stored = self.get(key)
        return stored.body if stored else b""

    def head(self, key: str) -> Head | None:
        try:
            found = self.s3.head_object(Bucket=self.name, Key=key)
        except ClientError as error:
            if _code(error) in ("NoSuchKey", "404"):
                return None
            raise
        about = found["ContentType"], found.get("CacheControl", ""), found.get("Metadata", {})
        return Head(found["ETag"], *about, found["LastModified"], found["ContentLength"], found.get("VersionId", ""))

    def read(self, key: str) -> SiteObject | None:
        """The object as a whole, to be compared with what should be there."""
        stored, head = self.get(key), self.head(key)
        if stored is None or head is None:
            return None
        return SiteObject(stored.body, head.content_type, head.cache_control, tuple(sorted(head.metadata.items())))

    def digest(self, key: str, etag: str, beginning: int) -> tuple[str, bytes]:
        """The SHA-256 of an object that may not fit into memory, in hexadecimal, and its first bytes. Raises Conflict where ``etag`` is gone."""
        try:
            body = self.s3.get_object(Bucket=self.name, Key=key, IfMatch=etag)["Body"]
        except ClientError as error:
            if _code(error) in ("PreconditionFailed", "NoSuchKey", "412", "404"):
                raise Conflict(key) from error
            raise
        first = body.read(beginning)
        digest = sha256(first)
        for chunk in body.iter_chunks(_CHUNK):
            digest.update(chunk)
        return digest.hexdigest(), first

    def copy(
        self, source: "Bucket", source_key: str, key: str, *, version: str = "", etag: str = "", made: SiteObject | None = None
    ) -> tuple[str, str]:
        """Copies an object inside S3, with the headers of ``made``. Returns the copy's ETag and VersionId. Raises Conflict where ``etag`` is gone.

        At most 5 GB: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
        """
        headers: dict[str, Any] = {"CopySourceIfMatch": etag} if etag else {}
        if made:
            headers |= {"ContentType": made.content_type, "CacheControl": made.cache_control, "Metadata": dict(made.metadata)}
        try:
            done = self.s3.copy_object(
                Bucket=self.name,
                Key=key,
                CopySource={"Bucket": source.name, "Key": source_key} | ({"VersionId": version} if version else {}),
                MetadataDirective="REPLACE",
                TaggingDirective="REPLACE",  # else it would need the right to read tags
                **headers,
            )
        except ClientError as error:
            if _code(error) in ("PreconditionFailed", "NoSuchKey", "412", "404"):
                raise Conflict(key) from error
            raise
        return done["CopyObjectResult"]["ETag"], done.get("VersionId", "")

    def put(
        self, key: str, body: bytes, *, content_type: str = "application/octet-stream", metadata: dict[str, str] | None = None
    ) -> tuple[str, str]:
        """Written whatever was there. Returns the ETag and the VersionId."""
        done = self.s3.put_object(Bucket=self.name, Key=key, Body=body, ContentType=content_type, Metadata=metadata or {})
        return done["ETag"], done.get("VersionId", "")

    def put_if(self, key: str, made: SiteObject, etag: str | None) -> str:
        """Written only where ``etag`` still stands, or, for None, where nothing does. Returns the new ETag. Raises Conflict."""
        condition = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
        try:
            done = self.s3.put_object(
                Bucket=self.name,
                Key=key,
                Body=made.body,
                ContentType=made.content_type,
                Metadata=dict(made.metadata),
                **({"CacheControl": made.cache_control} if made.cache_control else {}),
                **condition,
            )
        except ClientError as error:
            # 412: the condition is false. 409: another conditional write was under way. 404: If-Match, and the object is gone.
            if _code(error) in ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "412", "409", "404"):
                raise Conflict(key) from error
            raise
        return str(done["ETag"])

    def delete(self, key: str) -> None:
        self.s3.delete_object(Bucket=self.name, Key=key)

    def address(self, key: str, seconds: int) -> str:
        """A URL at which anybody reads the object for so long, at most a week, and no longer than the credentials that sign it are good for.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html
        """
        return str(self.s3.generate_presigned_url("get_object", Params={"Bucket": self.name, "Key": key}, ExpiresIn=seconds))

    def listing(self, prefix: str = "", after: str = "", limit: int = 0, *, empty: bool = False) -> Iterator[tuple[str, str]]:
        """(key, ETag) of each object in the order of the keys, those after ``after``, at most ``limit`` (0: all). Where there are no bytes, the ETag
        is '', unless ``empty``: what S3 gives as the ETag of these depends on how the bucket is encrypted.
        """
        left = limit
        arguments: dict[str, Any] = {"Bucket": self.name, "Prefix": prefix, "StartAfter": after}
        while True:
            page = self.s3.list_objects_v2(**arguments, **({"MaxKeys": min(left, 1000)} if limit else {}))
            for found in page.get("Contents", []):
                yield found["Key"], found["ETag"] if empty or found["Size"] else ""
            left -= page["KeyCount"]
            if not page["IsTruncated"] or (limit and left <= 0):
                return
            arguments["ContinuationToken"] = page["NextContinuationToken"]


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])
