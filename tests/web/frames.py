"""How smoothly a page shows what comes: times between frames, and memory."""

from dataclasses import dataclass
from statistics import median, quantiles

from playwright.sync_api import Page

RECORD = """() => {
    window.frames_ = [];
    let last = performance.now();
    const frame = now => {
        window.frames_.push(now - last);
        last = now;
        window.frame_ = requestAnimationFrame(frame);
    };
    window.frame_ = requestAnimationFrame(frame);
}"""
RECORDED = "() => { cancelAnimationFrame(window.frame_); return window.frames_; }"


@dataclass(frozen=True, slots=True)
class Frames:
    """Milliseconds from one frame to the next."""

    times: list[float]

    def __str__(self) -> str:
        hundredths = quantiles(self.times, n=100)
        return (
            f"{len(self.times)} frames, median {median(self.times):.1f} ms, "
            f"p99 {hundredths[98]:.1f} ms, longest {max(self.times):.0f} ms"
        )


def record(page: Page) -> None:
    page.evaluate(RECORD)


def recorded(page: Page) -> Frames:
    return Frames(page.evaluate(RECORDED)[1:])


def megabytes(page: Page) -> float:
    """What JavaScript holds, once what is unused is freed."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used = session.send("Runtime.getHeapUsage")["usedSize"]
    session.detach()
    return float(used) / 2**20
