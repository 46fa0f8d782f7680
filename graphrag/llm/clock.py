"""Time as an argument, so that tests live through a minute's outage in half a second."""

import threading
import time


class Clock:
    """Monotonic time and sleep. All seconds its users see are seconds of this clock.

    Args:
        scale: Real seconds per second of this clock; 0.01 makes a minute pass in 0.6 s.
    """

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale

    def now(self) -> float:
        """Seconds since an arbitrary start; never goes back, whatever the wall clock does."""
        return time.monotonic() / self.scale

    def real(self, seconds: float) -> float:
        """How long `seconds` of this clock last in real time."""
        return seconds * self.scale

    def sleep(self, seconds: float, wake: threading.Event) -> bool:
        """Wait; True as soon as `wake` is set, False when the time is over."""
        return wake.wait(max(0.0, self.real(seconds)))
