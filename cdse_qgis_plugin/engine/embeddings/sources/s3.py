"""Files in a bucket of an S3 service, read with the caller's keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import boto3
import botocore
import botocore.config
import botocore.exceptions
import urllib3

from ...errors import EngineError
from .connections import MOST
from .http import retry_after
from .source import Check, Item, Source, Transient, changed, gone

_SUFFIXES = (".parquet", ".geoparquet", ".pq")
_PIECE = 1 << 16
_KEYS_HINT = (
    "Make a new pair of S3 keys in your CDSE account and enter both halves; a new pair works after some seconds. "
    "Keys run out on the day that was chosen when they were made."
)
_WRONG_KEY = {"InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "AuthorizationHeaderMalformed"}
_EXPIRED = {"ExpiredToken", "TokenRefreshRequired", "ExpiredTokenException"}
_THROTTLED = {"SlowDown", "Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequests"}


class S3Source(Source):
    """A key, or all Parquet files below a prefix, of a bucket.

    ``secrets`` holds ``s3_access_key`` and ``s3_secret_key``, and ``s3_session_token`` where there is one; without
    them requests are not signed, as open buckets want it.
    Raises EngineError ``wrong_key``, ``expired_key``, ``denied``, ``no_source``, ``wrong_clock``, ``source_changed``.
    """

    requests_a_minute = 2000  # CDSE's quota

    def __init__(self, endpoint: str, bucket: str, prefix: str, secrets: Mapping[str, str], label: str = ""):
        self.label = label or f"s3://{bucket}/{prefix}"
        self._bucket, self._prefix = bucket, prefix
        self._signed = bool(secrets.get("s3_access_key") and secrets.get("s3_secret_key"))
        signing = {} if self._signed else {"signature_version": botocore.UNSIGNED}
        self._client = boto3.session.Session().client(
            "s3",
            endpoint_url=endpoint,
            region_name="default",
            aws_access_key_id=secrets.get("s3_access_key"),
            aws_secret_access_key=secrets.get("s3_secret_key"),
            aws_session_token=secrets.get("s3_session_token"),
            config=botocore.config.Config(
                s3={"addressing_style": "path"},
                retries={"total_max_attempts": 1, "mode": "standard"},  # trying again is one idea, in retry.py
                max_pool_connections=MOST,
                connect_timeout=10,
                read_timeout=30,
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                **signing,
            ),
        )

    def items(self, check: Check) -> list[Item]:
        found: dict[str, Item] = {}
        try:
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
            for page in pages:
                check()
                for told in page.get("Contents", []):
                    found[told["Key"]] = Item(told["Key"], told["Size"], told["ETag"])
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
            raise self._trouble(error, self._prefix) from None
        if self._prefix in found:
            return [found[self._prefix]]
        folder = self._prefix if not self._prefix or self._prefix.endswith("/") else self._prefix + "/"
        inside = [item for key, item in found.items() if key.startswith(folder) and key.lower().endswith(_SUFFIXES)]
        if not inside:
            raise EngineError(
                "no_source",
                f"There is no Parquet file at “{self.label}”.",
                "Check the spelling; names in S3 distinguish small and capital letters.",
            )
        return [item for item in inside if item.size > 0]

    def stat(self, item: Item) -> Item:
        if item.size >= 0 and item.version:
            return item  # the listing has just said it, and every read checks it
        answer = self._get(item, 0, 1)
        answer["Body"].close()
        return Item(item.path, int(answer["ContentRange"].rpartition("/")[2]), answer["ETag"])

    def stream(self, item: Item, start: int, stop: int) -> Iterator[bytes]:
        answer = self._get(item, start, stop)
        body = answer["Body"]
        try:
            if answer["ETag"] != item.version or int(answer["ContentRange"].rpartition("/")[2]) != item.size:
                raise changed(item)
            yield from body.iter_chunks(_PIECE)
        except (botocore.exceptions.BotoCoreError, urllib3.exceptions.HTTPError, OSError):
            raise Transient("the connection broke off") from None
        finally:
            body.close()

    def close(self) -> None:
        self._client.close()

    def _get(self, item: Item, start: int, stop: int) -> dict:
        wanted = {"IfMatch": item.version} if item.version else {}
        try:
            answer = self._client.get_object(
                Bucket=self._bucket, Key=item.path, Range=f"bytes={start}-{stop - 1}", **wanted
            )
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
            raise self._trouble(error, item.path, item) from None
        if "ContentRange" not in answer:
            answer["Body"].close()
            raise EngineError(
                "no_ranges",
                f"The service of “{self.label}” serves whole files only, so no part of one can be read by itself.",
                "Download the file and import it from the disk.",
            )
        return answer

    def _trouble(self, error: Exception, path: str, item: Item | None = None) -> Exception:
        """An error of the library as Transient or in words; its own text may name the key and is not passed on."""
        if not isinstance(error, botocore.exceptions.ClientError):
            return self._no_answer(error)
        told = error.response.get("Error", {})
        code, answer = str(told.get("Code", "")), error.response.get("ResponseMetadata", {})
        status = int(answer.get("HTTPStatusCode", 0))
        if code in _THROTTLED or status in (429, 498, 503):
            headers = answer.get("HTTPHeaders", {})
            return Transient(f"the service answered {status} {code}".strip(), retry_after(headers), throttled=True)
        if status >= 500 or code in ("RequestTimeout", "InternalError"):
            return Transient(f"the service answered {status}", answered=True)
        if item is not None and (status in (412, 416) or code in ("PreconditionFailed", "InvalidRange")):
            return changed(item)
        return self._refusal(code, status, path)

    def _no_answer(self, error: Exception) -> Exception:
        if isinstance(error, (ValueError, botocore.exceptions.ParamValidationError)):
            return EngineError(
                "no_source", f"“{self.label}” is not the name of a bucket and a file.", "Write s3://bucket/path."
            )
        if isinstance(error, botocore.exceptions.SSLError):
            return EngineError(
                "no_network",
                f"The server of “{self.label}” could not prove who it is.",
                "Check the clock of this machine and, behind a company's proxy, its certificates.",
            )
        return Transient("no connection")

    def _refusal(self, code: str, status: int, path: str) -> EngineError:
        details = f"{status} {code}".strip()
        if code in _EXPIRED:
            return EngineError("expired_key", "The S3 keys have run out.", _KEYS_HINT, details)
        if code in _WRONG_KEY:
            why = "it is mistyped, was deleted or has run out"
            if code == "SignatureDoesNotMatch":
                why = "the secret key does not belong to it"
            said = f"The S3 service does not accept the access key: {why}."
            return EngineError("wrong_key", said, _KEYS_HINT, details)
        if code in ("RequestTimeTooSkewed", "RequestExpired"):
            return EngineError(
                "wrong_clock",
                "The clock of this machine differs from that of the S3 service, so signatures are not accepted.",
                "Set the clock, best by letting the system do it.",
                details,
            )
        if code == "NoSuchBucket":
            said = f"There is no bucket “{self._bucket}” on this service."
            return EngineError("no_source", said, "Check the name and the address of the service.", details)
        if status == 404:
            return gone(path, f"The bucket “{self._bucket}”")
        if status in (401, 403):
            why = "the keys may not read it, or have run out" if self._signed else "it wants keys, and none were given"
            said = f"The S3 service does not let us read “{self.label}”: {why}."
            return EngineError("denied", said, _KEYS_HINT, details)
        said = f"The S3 service answered {details} to “{self.label}”."
        return EngineError("no_source", said, "Check the address.", details)
