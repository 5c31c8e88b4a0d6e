"""Memory with an upper limit: strangers decide what is put in, so they must not decide how much."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Bounded(Generic[Key, Value]):
    """A mapping that forgets what was written longest ago once it holds `most` items.

    Reading does not count as use: a look-up costs what a look-up in a dict costs.
    """

    __slots__ = ("_items", "_most", "get")

    def __init__(self, most: int) -> None:
        self._items: OrderedDict[Key, Value] = OrderedDict()
        self._most = most
        self.get = self._items.get

    def __len__(self) -> int:
        return len(self._items)

    def put(self, key: Key, value: Value) -> None:
        """Write an item as the newest, and forget the oldest if it is one too many."""
        self._items[key] = value
        self._items.move_to_end(key)
        if len(self._items) > self._most:
            self._items.popitem(last=False)

    def drop(self, key: Key) -> None:
        """Forget an item, if it is there."""
        self._items.pop(key, None)
