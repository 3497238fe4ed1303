"""An ingest service in memory that keeps the agreed HTTP interface, for the client's and importers' tests."""

import gzip
import itertools
import json
from collections import Counter

import httpx
import pytest
from plaudit_client import asynchronous, retrying


class FakeIngest(httpx.AsyncBaseTransport):
    """Takes events, drops duplicates by source and id, and can be told to fail first."""

    def __init__(self):
        self.events = {}
        self.receipts = {}
        self.identities = []
        self.failures = []
        self.requests = []
        self.queries = []
        self.request_headers = []
        self.pending_polls = 0
        self.bytes_max = 5 * 1024 * 1024
        self._numbers = itertools.count(1)

    async def handle_async_request(self, request):
        body = await request.aread()
        if request.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.request_headers.append(request.headers)
        self.requests.append((request.method, request.url.path))
        self.queries.append(request.url.query.decode())
        if self.failures:
            failure = self.failures.pop(0)
            if isinstance(failure, Exception):
                raise failure
            if failure == "lost answer":
                self._take(body)
                raise httpx.ReadError("connection reset")
            return failure
        if request.headers.get("Authorization") != "Bearer secret":
            return problem(401, "Not authenticated", "send an access key")
        if request.method == "PUT" or request.url.path == "/v1/members/declare":
            self.identities.append(json.loads(body))
            return httpx.Response(200, json={"member_id": "m"})
        if request.method == "POST":
            if len(body) > self.bytes_max:
                return problem(413, "Too large", "send less")
            return httpx.Response(202, json=self._take(body))
        return self._receipt(request)

    def _take(self, body):
        receipt_id = f"r{next(self._numbers)}"
        items, rejected = [], []
        for index, event in enumerate(json.loads(body)):
            if not event.get("id"):
                rejected.append({"index": index, "field": "/id", "detail": "is missing"})
                continue
            key = (event["source"], event["id"])
            known = self.events.setdefault(key, event)
            outcome = "accepted" if known is event else "duplicate" if known == event else "conflict"
            reason = "another event has this id" if outcome == "conflict" else None
            items.append({"index": index, "event_uid": "u", "outcome": outcome, "reason": reason})
        self.receipts[receipt_id] = items
        return {"receipt_id": receipt_id, "accepted": len(items), "rejected": rejected}

    def _receipt(self, request):
        items = self.receipts[request.url.path.rsplit("/", 1)[1]]
        if self.pending_polls:
            self.pending_polls -= 1
            counts = {"accepted": 0, "duplicate": 0, "conflict": 0, "rejected": 0, "pending": len(items)}
            return httpx.Response(200, json={"status": "pending", "counts": counts, "items": [], "next": None})
        limit = int(request.url.params.get("limit", "100"))
        start = int(request.url.params.get("after", "0"))
        counts = {"accepted": 0, "duplicate": 0, "conflict": 0, "rejected": 0, "pending": 0}
        counts |= Counter(item["outcome"] for item in items)
        following = str(start + limit) if start + limit < len(items) else None
        page = {"status": "complete", "counts": counts, "items": items[start : start + limit], "next": following}
        return httpx.Response(200, json=page)


def problem(status, title, detail):
    document = {"title": title, "detail": detail, "status": status}
    return httpx.Response(status, json=document, headers={"Content-Type": "application/problem+json"})


@pytest.fixture
def ingest(monkeypatch):
    monkeypatch.setattr(retrying, "BACKOFF_FIRST_SECONDS", 0.0001)
    monkeypatch.setattr(asynchronous, "POLL_FIRST_SECONDS", 0.0001)
    return FakeIngest()
