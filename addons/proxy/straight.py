"""Shorter ways through mitmproxy's layers, for layers of which we know when they wait.

`Layer.handle_event` wraps every event in a generator that looks for blocking commands, and each of five hooks a
request travelled up through six such generators, and its completion down again. Measured with `make bench` (workload
`seen`), without them a request costs 12 % less CPU.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mitmproxy.proxy import commands, events, layer

if TYPE_CHECKING:
    from addons.proxy.door import Door


class NeverWaits(layer.Layer):
    """A layer that yields no blocking command of its own, so that it is never paused and needs no wrapper."""

    def handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        return self._handle_event(event)


class HooksInPlace(layer.Layer):
    """A layer whose hooks run where they are yielded. Only one that waits for something pauses the layer.

    The order of things is that of a layer whose every hook is answered at once; nothing else of the connection can
    happen in between, as no hook that ends in place gives up the event loop.
    """

    def handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        paused = self._paused
        if paused is None:
            return self._drive(self._handle_event(event), None)
        if isinstance(event, events.CommandCompleted) and event.command is paused.command:
            return self._continue(paused.generator, event)
        self._paused_event_queue.append(event)
        return iter(())  # type: ignore[return-value]

    def _continue(
        self, generator: layer.CommandGenerator[None], event: events.CommandCompleted
    ) -> layer.CommandGenerator[None]:
        self._paused = None
        yield from self._drive(generator, event.reply)
        while self._paused is None and self._paused_event_queue:
            yield from self._drive(self._handle_event(self._paused_event_queue.popleft()), None)

    def _drive(self, generator: layer.CommandGenerator[None], reply: object) -> layer.CommandGenerator[None]:
        door: Door = self.context.layers[0]  # type: ignore[assignment]
        try:
            command = generator.send(reply)
            while True:
                if command.blocking is True:
                    if isinstance(command, commands.StartHook) and door.run_hook(command):
                        command = next(generator)
                        continue
                    # As in Layer.handle_event: whoever is above sees that somebody waits, and does not wait as well.
                    command.blocking = self
                    self._paused = layer.Paused(command, generator)
                    yield command
                    return
                yield command
                command = next(generator)
        except StopIteration:
            return
