"""Drawing: escaped text, scales with round ticks, and the few SVG elements that charts are made of. Knows no benchmark.

Charts are drawn 400 units wide and shown at most 560 pixels wide, so that their text is readable on a phone. Colours are CSS
classes (style.css): s0, s1 ... for contestants, so that a page is readable in light and dark.
"""
import html
import math

WIDTH = 400
LETTER = 6.4  # units that a letter of the 11 unit font takes, on the safe side


def escape(text):
    return html.escape(str(text), quote=True)


def element(name, content=None, **attributes):
    """attributes: class_ for class, stroke_width for stroke-width; numbers are rounded to a tenth."""
    words = "".join(f' {key.rstrip("_").replace("_", "-")}="{escape(round(v, 1) if isinstance(v, float) else v)}"'
                    for key, v in attributes.items() if v is not None)
    return f"<{name}{words}/>" if content is None else f"<{name}{words}>{content}</{name}>"


def text(x, y, what, anchor="start", class_=None):
    return element("text", escape(what), x=x, y=y, text_anchor=anchor, class_=class_)


def line(x1, y1, x2, y2, class_):
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def drawing(height, parts, title):
    return element("svg", element("title", escape(title)) + "".join(parts), viewBox=f"0 0 {WIDTH} {math.ceil(height)}", role="img",
                   xmlns="http://www.w3.org/2000/svg")


def short(x):
    """At most four characters and a unit: 19.3M, 878, 0.99."""
    if x == 0:
        return "0"
    for bound, divisor, unit in ((1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e4, 1e3, "k")):
        if abs(x) >= bound * 0.9995:
            return f"{x / divisor:.3g}{unit}"
    return f"{x:.0f}" if abs(x) >= 1000 else f"{x:.3g}"


def cut(what, most):
    return what if len(what) <= most else what[:most - 1] + "…"


class Scale:
    """Values to positions. log: by decades; else from 0 on, or from the lowest tick."""

    def __init__(self, low, high, start, end, log=False):
        self.log, self.start, self.end = log, start, end
        if log:
            self.low, self.high = math.log10(low), math.log10(high)
        else:
            self.low, self.high = low, high
        if self.high - self.low < 1e-9:
            self.high = self.low + 1

    def __call__(self, value):
        value = math.log10(value) if self.log else value
        share = (value - self.low) / (self.high - self.low)
        return self.start + min(max(share, 0), 1) * (self.end - self.start)


def round_up(value):
    """The next of 1, 2, 2.5, 5, 10 times a power of ten."""
    if value <= 0:
        return 1
    power = 10 ** math.floor(math.log10(value))
    return next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= value * 0.999999)


def ticks(high, most=5):
    """Round numbers from 0 to the first at or above high."""
    step = round_up(high / most)
    return [i * step for i in range(math.ceil(high / step - 1e-9) + 1)]


def log_ticks(low, high, most=7):
    """Round numbers around low..high: 1, 2, 5 of each decade if there is room, else decades, else every other ..."""
    first, last = math.floor(math.log10(low) + 1e-9), math.ceil(math.log10(high) - 1e-9)
    for steps in ((1, 2, 5), (1, 3), (1,)):
        found = [m * 10.0 ** d for d in range(first, last + 1) for m in steps]
        below, above = [t for t in found if t <= low * 1.0001], [t for t in found if t >= high * 0.9999]
        found = [t for t in found if below[-1] <= t <= (above[0] if above else found[-1])]
        if len(found) <= most:
            return found if len(found) > 1 else [found[0], found[0] * 10]
    every = math.ceil(len(found) / most)
    return found[::every] + ([found[-1]] if found[::every][-1] != found[-1] else [])
