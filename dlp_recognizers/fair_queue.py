"""Whose text is scanned next, and who has to be turned away. Pure data structures."""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass


class FairQueue[T]:
    """Round robin over agents, and within an agent over its requests, so that one huge request, or one busy agent, only
    slows itself.

    An item may stand in the queue for several requests; `live` says whether it still has to be done.
    """

    def __init__(self, *, size: Callable[[T], int], live: Callable[[T], bool]) -> None:
        self._size = size
        self._live = live
        self._agents: OrderedDict[str, OrderedDict[Hashable, deque[T]]] = OrderedDict()
        self._items = 0

    def __len__(self) -> int:
        """Items queued, including those that are no longer live."""
        return self._items

    def push(self, agent: str, request: Hashable, items: Iterable[T]) -> None:
        """Queue `items` behind what `request` of `agent` already has queued."""
        fresh = deque(items)
        if not fresh:
            return
        self._items += len(fresh)
        self._agents.setdefault(agent, OrderedDict()).setdefault(request, deque()).extend(fresh)

    def pop(self, budget: int, count: int) -> list[T]:
        """The next items: at least one if any is live, then turn by turn up to `budget` in size and `count`.

        Small items of many requests share a job, because handing one over costs more than scanning a short text.
        """
        job: list[T] = []
        while self._agents and len(job) < count:
            agent, requests = next(iter(self._agents.items()))
            request, items = next(iter(requests.items()))
            taken = self._take(items, budget, count - len(job), first=not job)
            job += taken
            budget -= sum(map(self._size, taken))
            if items and not taken:
                break  # what comes next does not fit any more: its turn stays its own
            if items:
                requests.move_to_end(request)
            else:
                del requests[request]
            if requests:
                self._agents.move_to_end(agent)
            else:
                del self._agents[agent]
        return job

    def drop(self, agent: str, request: Hashable) -> None:
        """Forget what `request` of `agent` has queued."""
        requests = self._agents.get(agent)
        if requests is None:
            return
        self._items -= len(requests.pop(request, ()))
        if not requests:
            del self._agents[agent]

    def _take(self, items: deque[T], budget: int, count: int, *, first: bool) -> list[T]:
        """Take live items off the front of `items` while they fit; the first of a job always does."""
        taken: list[T] = []
        while items and len(taken) < count:
            item = items[0]
            if self._live(item):
                size = self._size(item)
                if size > budget and (taken or not first):
                    break
                budget -= size
                taken.append(item)
            items.popleft()
            self._items -= 1
        return taken


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much may wait: requests and bytes, in all and for one agent."""

    requests: int
    requests_per_agent: int
    bytes: int
    bytes_per_agent: int


class Admission:
    """Counts the requests that wait for a scan, and their bytes, against bounds."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self._requests: Counter[str] = Counter()
        self._bytes: Counter[str] = Counter()
        self._all_requests = 0
        self._all_bytes = 0

    @property
    def requests(self) -> int:
        """Requests that are waiting."""
        return self._all_requests

    def enter(self, agent: str, size: int) -> bool:
        """Whether a request of `size` bytes may wait; if so it is counted until `leave`.

        A request is never turned away for its size alone: one that waits alone is bounded by the body limit.
        """
        if self._all_requests >= self.bounds.requests or self._requests[agent] >= self.bounds.requests_per_agent:
            return False
        if self._all_bytes and self._all_bytes + size > self.bounds.bytes:
            return False
        if self._bytes[agent] and self._bytes[agent] + size > self.bounds.bytes_per_agent:
            return False
        self._count(agent, 1, size)
        return True

    def leave(self, agent: str, size: int) -> None:
        """The request that entered with these arguments waits no more."""
        self._count(agent, -1, -size)

    def _count(self, agent: str, requests: int, size: int) -> None:
        self._all_requests += requests
        self._all_bytes += size
        self._requests[agent] += requests
        self._bytes[agent] += size
        if not self._requests[agent]:
            # Agents come and go: keep no counter for one that has nothing waiting.
            del self._requests[agent]
            del self._bytes[agent]
