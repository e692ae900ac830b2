"""`redis://…` or `rediss://…`: for any number of instances.

A log is a stream whose entries are numbered by their position in bytes, a document a
hash. See: https://redis.io/docs/latest/develop/data-types/streams/
"""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib import import_module
from time import monotonic
from typing import ClassVar
from urllib.parse import urlsplit
from uuid import uuid4

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from store import ANY, Conflict, Document, StoreError

FIELDS = ["version", "value"]
"""Of a document's hash."""

UNFINISHED_SECONDS = 24 * 3600

CALL_SECONDS = 4.5
"""The longest that a call takes, beside what it waits for."""

BLOCK_SECONDS = 2.0
"""How long a reader blocks: a log that is deleted meanwhile does not wake it."""

MAX_CONNECTIONS = 10_000
"""Each reader that waits has a connection of its own."""

AZURE = (".redis.azure.net", ".redis.cache.windows.net")
"""The ends of hosts that Entra ID signs in to."""

# What is in braces decides on the node of a cluster, which a script may not leave.
_APPEND = """
local last, size = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1), 0
if last[1] then
  size = tonumber(string.match(last[1][1], '^%d+')) - 1 + #last[1][2][2]
end
if size ~= tonumber(ARGV[1]) then return 0 end
if #ARGV[2] > 0 then
  redis.call('XADD', KEYS[1], string.format('%d-0', size + 1), 'lines', ARGV[2])
elseif size == 0 then
  redis.call('XGROUP', 'CREATE', KEYS[1], 'none', '0', 'MKSTREAM')
  redis.call('XGROUP', 'DESTROY', KEYS[1], 'none')
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
"""
_READ = """
if redis.call('EXISTS', KEYS[1]) == 0 then return false end
local lines, skipped = {}, 0
local from = string.format('%d-0', ARGV[1] + 1)
local first = redis.call('XREVRANGE', KEYS[1], from, '-', 'COUNT', 1)[1]
if first then
  from, skipped = first[1], ARGV[1] + 1 - string.match(first[1], '^%d+')
end
for number, entry in ipairs(redis.call('XRANGE', KEYS[1], from, '+')) do
  lines[number] = entry[2][2]
end
return string.sub(table.concat(lines), skipped + 1)
"""
_PUT = """
local version = redis.call('HGET', KEYS[1], 'version')
if ARGV[1] ~= '*' and ARGV[1] ~= (version or '') then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'value', ARGV[3])
local alone = redis.call('EXISTS', KEYS[2]) == 0
redis.call('SADD', KEYS[2], ARGV[5])
if ARGV[4] == '' then
  redis.call('PERSIST', KEYS[1])
  redis.call('PERSIST', KEYS[2])
else
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
  local left = redis.call('PTTL', KEYS[2])
  if alone or (left >= 0 and left < tonumber(ARGV[4])) then
    redis.call('PEXPIRE', KEYS[2], ARGV[4])
  end
end
return 1
"""


class RedisStore:
    """Connects with the first call; *prefix* begins every key."""

    name: ClassVar[str] = "redis"
    durable: ClassVar[bool] = True

    def __init__(self, url: str, *, prefix: str = "chat") -> None:
        self._prefix = prefix
        try:
            signed_in = _signed_in(url)
            self._redis = _client(url, **signed_in)
            # Tried again by the client, one that has arrived would be a conflict.
            once = Retry(NoBackoff(), 0)
            self._writing = _client(url, retry=once, **signed_in)
        except ValueError:  # Its text may have a part of the address.
            raise StoreError(
                "redis: expected redis://[:PASSWORD@]HOST:PORT, and after it at most "
                "/NUMBER and options of redis-py's connections"
            ) from None
        self._append = self._writing.register_script(_APPEND)
        self._read = self._redis.register_script(_READ)
        self._put = self._writing.register_script(_PUT)

    def _log(self, log: str) -> str:
        return f"{self._prefix}:log:{{{log}}}"

    def _document(self, partition: str, key: str) -> str:
        return f"{self._prefix}:document:{{{partition}}}:{key}"

    def _keys(self, partition: str) -> str:
        return f"{self._prefix}:keys:{{{partition}}}"

    async def append(
        self, log: str, lines: bytes, *, at: int, keep: float | None = None
    ) -> None:
        kept = _milliseconds(UNFINISHED_SECONDS if keep is None else keep)
        async with _bounded():
            done = await self._append(keys=[self._log(log)], args=[at, lines, kept])
        if not done:
            raise Conflict(log)

    async def read(self, log: str, at: int, *, wait: float = 0) -> bytes | None:
        key, until = self._log(log), monotonic() + wait
        while True:
            async with _bounded():
                found: bytes | None = await self._read(keys=[key], args=[at])
            left = min(until - monotonic(), BLOCK_SECONDS)
            if found != b"" or left <= 0:
                return found
            async with _bounded(left):
                block = _milliseconds(left)
                await self._redis.xread({key: f"{at}-0"}, block=block)

    async def drop(self, log: str) -> None:
        async with _bounded():
            await self._redis.delete(self._log(log))

    async def get(self, partition: str, key: str) -> Document | None:
        async with _bounded():
            where = self._document(partition, key)
            return _document(await self._redis.hmget(where, FIELDS))

    async def put(
        self,
        partition: str,
        key: str,
        value: bytes,
        *,
        version: str | None = None,
        keep: float | None = None,
    ) -> str:
        new = ANY if version == ANY else (version or "")
        written, kept = uuid4().hex, "" if keep is None else _milliseconds(keep)
        async with _bounded():
            done = await self._put(
                keys=[self._document(partition, key), self._keys(partition)],
                args=[new, written, value, kept, key],
            )
        if not done:
            raise Conflict(key)
        return written

    async def delete(self, partition: str, key: str) -> None:
        async with _bounded(), self._redis.pipeline() as both:
            both.delete(self._document(partition, key))
            both.srem(self._keys(partition), key)
            await both.execute()

    async def list(self, partition: str) -> Sequence[tuple[str, Document]]:
        async with _bounded():
            members = await self._redis.smembers(self._keys(partition))
            keys = sorted(map(_text, members))
            async with self._redis.pipeline(transaction=False) as each:
                for key in keys:
                    each.hmget(self._document(partition, key), FIELDS)
                found = await each.execute()
            read = zip(keys, map(_document, found), strict=True)
            listed = [(key, document) for key, document in read if document]
            if expired := {*keys} - {key for key, _ in listed}:
                await self._redis.srem(self._keys(partition), *expired)
        return listed

    async def tidy(self) -> None:
        """Redis removes what has expired by itself."""

    async def close(self) -> None:
        await self._redis.aclose()
        await self._writing.aclose()


def _client(url: str, **options: object) -> redis.Redis:
    """Raises `ValueError` for an address that the client would read otherwise."""
    parts = urlsplit(url)
    if not (parts.hostname and re.fullmatch(r"/?\d*", parts.path)):
        raise ValueError("address")
    client = redis.from_url(
        url,
        socket_connect_timeout=CALL_SECONDS - 1,
        health_check_interval=30,
        max_connections=MAX_CONNECTIONS,
        **options,
    )
    try:
        pool = client.connection_pool
        pool.connection_class(**pool.connection_kwargs)
    except TypeError:  # It does not know an option.
        raise ValueError("option") from None
    return client


def _document(fields: object) -> Document | None:
    match fields:
        case [bytes(version), bytes(value)]:
            return Document(value, version.decode())
        case _:
            return None


def _text(value: bytes | str) -> str:
    return value if isinstance(value, str) else value.decode()


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))


@asynccontextmanager
async def _bounded(wait: float = 0) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(CALL_SECONDS + wait):
            yield
    except (RedisError, OSError, TimeoutError) as exc:
        # Its text may have the address, and with it the password.
        raise StoreError(f"redis: {type(exc).__name__}") from None


def _signed_in(url: str) -> dict[str, object]:
    """With Entra ID, if the address is Azure's and has no password."""
    parts = urlsplit(url)
    if parts.password or not (parts.hostname or "").endswith(AZURE):
        return {}
    try:
        entra = import_module("redis_entraid.cred_provider")
    except ImportError:
        raise StoreError("redis: without a password it needs redis-entraid") from None
    return {
        "credential_provider": entra.create_from_default_azure_credential(
            ("https://redis.azure.com/.default",)
        )
    }
