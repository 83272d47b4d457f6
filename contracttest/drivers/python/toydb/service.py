"""The service: DynamoDB over HTTP."""

from __future__ import annotations

import http.client
import json
import urllib.parse

from .errors import ToyError


class Refused(Exception):
    """A failed condition, with the item that stands there, {} where none does."""

    def __init__(self, item: dict):
        super().__init__("the condition failed")
        self.item = item


THROTTLED = {"ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded"}


class Endpoint:
    """DynamoDB over HTTP. It signs nothing: the endpoints that it is for check no signature."""

    def __init__(self, url: str, region: str):
        parts = urllib.parse.urlsplit(url)
        self.secure, self.host, self.path = parts.scheme == "https", parts.netloc, parts.path or "/"
        self.headers = {
            "Content-Type": "application/x-amz-json-1.0",
            "Authorization": f"AWS4-HMAC-SHA256 Credential=toydb/20330518/{region}/dynamodb/aws4_request, "
                             "SignedHeaders=host;x-amz-target, Signature=" + "0" * 64,
        }

    def call(self, operation: str, body: dict, writes: bool = False) -> dict:
        """Sends one request, once. A write that may have been carried out without a word is ErrOutcomeUnknown."""
        unclear = "ErrOutcomeUnknown" if writes else ""
        connection = (http.client.HTTPSConnection if self.secure else http.client.HTTPConnection)(self.host, timeout=60)
        try:
            connection.connect()
        except OSError as reason:
            raise ToyError("", f"{operation}: no connection") from reason
        try:
            headers = {**self.headers, "X-Amz-Target": f"DynamoDB_20120810.{operation}"}
            connection.request("POST", self.path, json.dumps(body).encode(), headers)
            response = connection.getresponse()
            answer = json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError) as reason:
            raise ToyError(unclear, f"{operation}: the answer is lost") from reason
        finally:
            connection.close()
        if response.status == 200:
            return answer
        code = str(answer.get("__type", "")).rpartition("#")[2]
        if code == "ConditionalCheckFailedException":
            raise Refused(answer.get("Item", {}))
        if code == "ResourceNotFoundException":
            raise ToyError("ErrTableNotFound", f"{operation}: {code}")
        if code in THROTTLED:
            raise ToyError("ErrThrottled", f"{operation}: {code}")
        # The message of a ValidationException may quote a value, so it is looked at and never told. Its member is
        # "message" of some endpoints and "Message" of others.
        message = str(answer.get("message") or answer.get("Message"))
        if code == "ValidationException" and "item size" in message.lower():
            raise ToyError("ErrItemTooLarge", f"{operation}: {code}")
        raise ToyError(unclear if response.status >= 500 else "", f"{operation}: {response.status} {code}")
