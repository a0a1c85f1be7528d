"""Draws the pictures of the sample magazine, so that they are all our own. After a change::

python tests/golden/plates.py
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import cos, exp, pi, radians, sin, tau
from pathlib import Path
from random import Random
from time import gmtime

from PIL import Image, ImageDraw, ImageFilter, ImageFont

MEDIA = Path(__file__).parents[2] / "functions/pressrun/local/magazine/media"
_FINE = 2  # drawn larger, then made smaller: smooth edges

PAPER, SAND, OCHRE, RUST, INK = "#f4efe4", "#dccbab", "#c8892f", "#9a2a1c", "#1b2226"
NIGHT, DEEP, SEA, SLATE, MIST, ICE = "#0e1d26", "#173642", "#2d5a68", "#5f8590", "#b7c7c6", "#e6eeed"

Point = tuple[float, float]


class Plate:
    """A sheet to draw on, in units of which it is 1200 wide."""

    def __init__(self, ground: str | Sequence[str], width: int = 1200, height: int = 800) -> None:
        self.width, self.height = width, height
        size = width * _FINE, height * _FINE
        self.image = Image.new("RGB", size, ground if isinstance(ground, str) else ground[0])
        if not isinstance(ground, str):
            self.shade(0, height, ground)

    @property
    def pen(self) -> ImageDraw.ImageDraw:
        return ImageDraw.Draw(self.image)

    def shade(self, top: float, bottom: float, colours: Sequence[str]) -> None:
        """Bands of colour that run into each other, from the first at the top."""
        strip = Image.new("RGB", (1, len(colours)))
        for number, colour in enumerate(colours):
            strip.paste(colour, (0, number, 1, number + 1))
        height = int((bottom - top) * _FINE)
        # Twice as high as needed and cropped: what lies outside the outermost colours' middles is flat.
        grown = strip.resize((1, height * len(colours) // max(1, len(colours) - 1)), Image.Resampling.BICUBIC)
        edge = (grown.height - height) // 2
        self.image.paste(grown.crop((0, edge, 1, edge + height)).resize((self.image.width, height)), (0, int(top * _FINE)))

    def _scaled(self, points: Sequence[Point]) -> list[Point]:
        return [(x * _FINE, y * _FINE) for x, y in points]

    def shape(self, points: Sequence[Point], colour: str) -> None:
        self.pen.polygon(self._scaled(points), fill=colour)

    def line(self, points: Sequence[Point], colour: str, width: float = 2) -> None:
        self.pen.line(self._scaled(points), fill=colour, width=round(width * _FINE), joint="curve")

    def disc(self, x: float, y: float, radius: float, colour: str | None, edge: str | None = None, width: float = 2) -> None:
        box = [(x - radius) * _FINE, (y - radius) * _FINE, (x + radius) * _FINE, (y + radius) * _FINE]
        self.pen.ellipse(box, fill=colour, outline=edge, width=round(width * _FINE))

    def box(self, left: float, top: float, right: float, bottom: float, colour: str) -> None:
        self.shape([(left, top), (right, top), (right, bottom), (left, bottom)], colour)

    def over(self, colour: str, strength: float, shapes: Sequence[Sequence[Point]], blur: float = 0) -> None:
        """Lays a colour over these shapes, through which what is below is seen."""
        mask = Image.new("L", self.image.size)
        for points in shapes:
            ImageDraw.Draw(mask).polygon(self._scaled(points), fill=round(255 * strength))
        if blur:
            mask = mask.filter(ImageFilter.GaussianBlur(blur * _FINE))
        self.image.paste(Image.new("RGB", self.image.size, colour), (0, 0), mask)

    def write(self, x: float, y: float, text: str, size: float, colour: str) -> None:
        self.pen.text((x * _FINE, y * _FINE), text, fill=colour, font=ImageFont.load_default(size * _FINE))

    def finished(self) -> Image.Image:
        return self.image.resize((self.width, self.height), Image.Resampling.LANCZOS)


def circle(x: float, y: float, radius: float, begin: float = 0, end: float = 360, step: float = 2) -> list[Point]:
    """Points along it; 0° is up, and it goes with the clock."""
    count = max(2, round((end - begin) / step))
    return [
        (x + radius * sin(radians(angle)), y - radius * cos(radians(angle)))
        for angle in (begin + (end - begin) * number / count for number in range(count + 1))
    ]


def mixed(one: str, other: str, share: float) -> str:
    """One colour with this share of the other in it."""
    pairs = [(int(one[place : place + 2], 16), int(other[place : place + 2], 16)) for place in (1, 3, 5)]
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def swell(random: Random, height: float, rough: float = 1) -> Callable[[float], float]:
    """A curve that never repeats in sight."""
    waves = [(random.uniform(0.3, 1) / number, number * random.uniform(0.8, 1.3), random.uniform(0, tau)) for number in range(1, 7)]
    return lambda x: height * sum(size * sin(x / 1200 * tau * rate * rough + phase) for size, rate, phase in waves)


def water(plate: Plate, random: Random, top: float, colours: Sequence[str], glint: str, sun: float) -> None:
    """The sea from ``top`` down, with light on it below ``sun``."""
    plate.shade(top, plate.height, colours)
    for _ in range(150):
        depth = random.random() ** 1.6
        y = top + 4 + depth * (plate.height - top)
        x = random.gauss(sun, 26 + 150 * depth)
        length = random.uniform(8, 50) * (0.4 + depth)
        plate.line([(x - length, y), (x + length, y)], glint, 1 + 2.4 * depth)


def ship(plate: Plate, x: float, y: float, size: float, colour: str, lights: str = "") -> None:
    """A cable ship, seen from the side; ``y`` is her waterline."""

    def at(points: Sequence[Point]) -> list[Point]:
        return [(x + px * size, y + py * size) for px, py in points]

    plate.shape(at([(-150, 2), (-158, -22), (-150, -30), (60, -30), (118, -52), (168, -56), (150, -30), (128, 2)]), colour)
    plate.shape(at([(-112, -30), (-112, -58), (-98, -58), (-98, -78), (-40, -78), (-36, -58), (-18, -58), (-18, -30)]), colour)
    plate.shape(at([(-86, -78), (-86, -92), (-52, -92), (-50, -78)]), colour)
    plate.shape(at([(-128, -34), (-124, -66), (-112, -66), (-112, -34)]), colour)
    for px, py, top in ((-70, -92, -128), (20, -30, -96), (96, -44, -100)):
        plate.line(at([(px, py), (px, top)]), colour, 3 * size)
    plate.line(at([(20, -90), (72, -44)]), colour, 2.4 * size)
    plate.line(at([(20, -90), (-18, -60)]), colour, 1.6 * size)
    plate.line(at([(-70, -122), (20, -92), (96, -96), (166, -54)]), colour, 0.9 * size)
    plate.line(at([(158, -56), (176, -50), (177, 6)]), colour, 2.2 * size)
    if lights:
        for px in range(-92, -44, 9):
            plate.box(*at([(px, -71)])[0], *at([(px + 4, -67)])[0], lights)
        for px in range(-104, -22, 9):
            plate.box(*at([(px, -50)])[0], *at([(px + 4, -46)])[0], lights)


def cable(random: Random) -> Plate:
    """A sea cable, cut through."""
    plate = Plate(DEEP)
    x, y = 620, 420
    for radius in range(1180, 380, -62):
        plate.disc(x, y, radius, None, "#1d404d", 1.6)
    plate.disc(x + 14, y + 20, 352, "#0f2730")
    plate.disc(x, y, 350, INK)
    for radius, count, size in ((312, 34, 27), (252, 28, 26)):
        for number in range(count):
            wire = circle(x, y, radius, 360 / count * number, 360 / count * number + 1)[0]
            plate.disc(*wire, size, "#7d8f92" if random.random() > 0.12 else "#94a3a3", INK, 3)
            plate.disc(wire[0] - 6, wire[1] - 7, size * 0.34, "#a9b6b5")
    plate.disc(x, y, 214, SAND, INK, 4)
    plate.disc(x, y, 150, OCHRE, INK, 4)
    plate.disc(x, y, 120, "#b27422")
    plate.disc(x, y, 96, PAPER, INK, 3)
    for number, colour in enumerate((RUST, SEA, OCHRE, SLATE, INK, MIST)):
        plate.disc(*circle(x, y, 52, 60 * number, 60 * number + 1)[0], 22, colour, INK, 2)
    plate.disc(x, y, 16, RUST, INK, 2)
    return plate


def flags(random: Random) -> Plate:
    """A string of signal flags on a grey day."""
    plate = Plate([MIST, ICE, PAPER])
    plate.shade(610, 800, [SLATE, SEA])
    for number in range(9):
        y = 628 + number * number * 2.4
        wave = swell(random, 3 + number * 0.8, 2)
        plate.line([(step, y + wave(step + number * 300)) for step in range(-10, 1220, 10)], "#7b9aa3", 1.5 + number * 0.3)
    rope = [(step, 70 + 0.00026 * (step - 700) ** 2 + step * 0.1) for step in range(-20, 1240, 10)]
    plate.line(rope, INK, 4)
    designs = ["cross", "halves", "square", "stripes", "saltire", "quarters", "bars"]
    left = 62.0
    for number, design in enumerate(designs):
        top = 70 + 0.00026 * (left + 62 - 700) ** 2 + (left + 62) * 0.1
        lean = 10 + 8 * sin(number * 1.7)

        def at(u: float, v: float, left: float = left, top: float = top, lean: float = lean, turn: int = number) -> Point:
            return left + 126 * u + lean * v + 4 * sin(u * 5 + v), top + 6 + 176 * v + 9 * sin(u * 6 + turn)

        def patch(u0: float, v0: float, u1: float, v1: float, colour: str, at: Callable[[float, float], Point] = at) -> None:
            steps = [n / 12 for n in range(13)]
            upper = [at(u0 + (u1 - u0) * s, v0) for s in steps]
            lower = [at(u0 + (u1 - u0) * s, v1) for s in reversed(steps)]
            plate.shape([*upper, *lower], colour)

        if design == "cross":
            patch(0, 0, 1, 1, SEA)
            patch(0, 0.38, 1, 0.62, PAPER)
            patch(0.36, 0, 0.64, 1, PAPER)
        elif design == "halves":
            patch(0, 0, 0.5, 1, OCHRE)
            patch(0.5, 0, 1, 1, DEEP)
        elif design == "square":
            patch(0, 0, 1, 1, RUST)
            patch(0.3, 0.3, 0.7, 0.7, PAPER)
        elif design == "stripes":
            for third, colour in enumerate((DEEP, PAPER, DEEP)):
                patch(0, third / 3, 1, (third + 1) / 3, colour)
        elif design == "saltire":
            patch(0, 0, 1, 1, PAPER)
            plate.line([at(0.02, 0.02), at(0.5, 0.5), at(0.98, 0.98)], RUST, 22)
            plate.line([at(0.02, 0.98), at(0.5, 0.5), at(0.98, 0.02)], RUST, 22)
        elif design == "quarters":
            for u, v, colour in ((0, 0, PAPER), (0.5, 0, DEEP), (0, 0.5, DEEP), (0.5, 0.5, PAPER)):
                patch(u, v, u + 0.5, v + 0.5, colour)
        else:
            for bar in range(6):
                patch(bar / 6, 0, (bar + 1) / 6, 1, OCHRE if bar % 2 else RUST)
        left += 158
    return plate


def dusk(random: Random) -> Plate:
    """A ship against the last of the light."""
    plate = Plate(["#22414d", "#4f6f76", "#b98a5c", "#d9a55c"])
    plate.disc(760, 505, 118, "#ecc079")
    water(plate, random, 520, ["#a9784a", "#4c5d60", "#1c3843"], "#e3b26a", 760)
    ship(plate, 430, 526, 1.55, INK, "#ecc079")
    return plate


def radar(random: Random) -> Plate:
    """A harbour on a radar screen."""
    plate = Plate(NIGHT)
    x, y = 600, 415
    plate.over(SEA, 0.5, [[(x, y), *circle(x, y, 560, 28, 74)]], 26)
    for radius in range(90, 600, 90):
        plate.disc(x, y, radius, None, "#2a5260", 2)
    for angle in range(0, 360, 30):
        plate.line([circle(x, y, 90, angle, angle + 1)[0], circle(x, y, 540, angle, angle + 1)[0]], "#1d3c49", 1.5)
    for side, base in ((1, 300), (-1, 250)):
        wave = swell(random, 46, 1.6)
        for step in range(-400, 430, 4):
            reach = x + side * (base + wave(step * 1.4 + 400 * side) + max(0, step) * 0.42)
            for _ in range(2):
                px, py = reach + side * abs(random.gauss(0, 22)), y + step + random.uniform(-3, 3)
                if (px - x) ** 2 + (py - y) ** 2 < 540**2:
                    plate.disc(px, py, random.uniform(1.5, 4.5), random.choice([OCHRE, "#e0a64f", "#a8742a"]))
    track = [(x - 40 + 30 * sin(step / 90), y + 380 - step) for step in range(0, 380, 6)]
    for point in track[::4]:
        plate.disc(*point, 3, MIST)
    plate.line([(x, y), circle(x, y, 540, 74, 75)[0]], MIST, 3)
    plate.disc(x, y, 9, PAPER)
    plate.disc(track[-1][0] + 36, 300, 13, None, RUST, 5)
    plate.disc(track[-1][0] + 36, 300, 5, RUST)
    return plate


def dawn(random: Random) -> Plate:
    """The end of the four to eight: stars above, light below."""
    plate = Plate(["#0b1a26", "#15303f", "#3d6270", "#c79a78", "#e9c79a"])
    for _ in range(130):
        x, y = random.uniform(0, 1200), random.random() ** 1.7 * 430
        plate.disc(x, y, random.choice([1, 1, 1.4, 2.2]), "#dfe7e2")
    water(plate, random, 640, ["#8d8276", "#2c4955", "#102530"], "#d9b68f", 890)
    for number in range(7):
        x, y, size = random.uniform(560, 1000), random.uniform(430, 570), random.uniform(9, 20)
        plate.line(
            [(x - size, y - size * 0.45), (x - size * 0.4, y - size * 0.6), (x, y), (x + size * 0.45, y - size * 0.6), (x + size, y - size * 0.3)],
            INK,
            2 + number % 2,
        )
    for left in (-40, 300, 640, 980):
        plate.box(left - 14, 0, left + 14, 800, "#0a141b")
    plate.shape([(0, 690), (1200, 690), (1200, 800), (0, 800)], "#0a141b")
    plate.box(0, 0, 1200, 46, "#0a141b")
    plate.box(440, 672, 520, 700, "#0a141b")
    return plate


def floes(plate: Plate, random: Random, top: float, size: float, channel: Callable[[float], float] | None = None) -> None:
    """Pack ice, seen from a mast: smaller farther off."""
    y = top
    while y < plate.height + 60:
        near = (y - top) / (plate.height - top)
        step = size * (0.12 + 0.88 * near)
        x = -step * random.random()
        while x < plate.width + step:
            wide = step * random.uniform(0.9, 1.7)
            cx, cy = x + wide / 2, y + random.uniform(-0.2, 0.2) * step
            open_water = channel and abs(cx - channel(cy)) < 16 + 96 * near
            if not open_water and random.random() > 0.04:
                corners = random.randint(6, 9)
                around = [
                    (
                        cx + wide * 0.52 * random.uniform(0.8, 1.04) * sin(tau * n / corners),
                        cy - step * 0.26 * random.uniform(0.8, 1.04) * cos(tau * n / corners),
                    )
                    for n in range(corners)
                ]
                plate.shape([(px, py + step * 0.07) for px, py in around], "#8fb0b6")
                plate.shape(around, random.choice([ICE, "#f3f6f3", "#dbe6e6", "#eaf0ee"]))
            x += wide * 1.02
        y += step * 0.47


def wintered(random: Random) -> Plate:
    """A ship shut in by ice, and a low sun."""
    plate = Plate([SLATE, "#9db2b2", "#e4d2b4"])
    plate.disc(250, 296, 34, "#f2e2c0")
    plate.shade(330, 800, ["#86a5ab", SEA])
    floes(plate, random, 332, 190)
    ship(plate, 770, 398, 0.8, INK, OCHRE)
    plate.shape([(600, 400), (690, 388), (820, 394), (930, 386), (980, 402), (860, 414), (700, 416)], "#f3f6f3")
    return plate


def winter_road(random: Random) -> Plate:
    """A channel through ice, with the ship that broke it far ahead."""
    plate = Plate(["#c9b8a0", "#e9e1d2"])
    plate.shade(250, 800, ["#7f9ea5", DEEP])
    floes(plate, random, 254, 170, lambda y: 760 - 250 * ((y - 250) / 550) ** 0.7 + 70 * sin(y / 120))
    ship(plate, 752, 268, 0.34, INK, OCHRE)
    return plate


def dial(random: Random) -> Plate:
    """An aneroid barometer, nearly at Change."""
    plate = Plate([SAND, "#cdb994"])
    for number in range(26):
        plate.line([(number * 50 + random.uniform(-4, 4), 0), (number * 50 + random.uniform(-6, 6), 800)], "#d3c09b", random.uniform(1, 3))
    x, y = 600, 470
    plate.over("#5d4a2c", 0.5, [circle(x + 16, y + 22, 372)], 14)
    plate.disc(x, y, 372, "#8a5f22")
    plate.disc(x, y, 352, OCHRE)
    plate.disc(x, y, 326, PAPER, INK, 3)
    for number in range(101):
        angle = -130 + 2.6 * number
        outer, inner = 300, 270 if number % 10 == 0 else 284
        plate.line([circle(x, y, inner, angle, angle + 1)[0], circle(x, y, outer, angle, angle + 1)[0]], INK, 4 if number % 10 == 0 else 1.6)
    plate.line(circle(x, y, 304, -130, 130), INK, 2)
    plate.line(circle(x, y, 236, -130, -60), SLATE, 12)
    plate.line(circle(x, y, 236, -56, 30), MIST, 12)
    plate.line(circle(x, y, 236, 34, 130), OCHRE, 12)
    for angle, colour, width in ((18, "#b08a4a", 5), (-34, INK, 9)):
        plate.line([circle(x, y, 80, angle + 180, angle + 181)[0], circle(x, y, 266, angle, angle + 1)[0]], colour, width)
    plate.disc(*circle(x, y, 96, 146, 147)[0], 22, INK)
    plate.disc(x, y, 20, RUST, INK, 4)
    return plate


def bridge(random: Random) -> Plate:
    """A swing bridge, half open, as its builder drew it."""
    plate = Plate("#234a58")
    for number in range(0, 1200, 40):
        plate.line([(number, 0), (number, 800)], "#2b5463", 1)
        plate.line([(0, number), (1200, number)], "#2b5463", 1)
    chalk, quiet = "#dbe6e2", "#7fa0a6"
    deck, top = 470, 300
    posts = [140 + 92 * number for number in range(11)]

    def crown(x: float) -> float:
        return deck - 60 - (deck - top - 60) * exp(-(((x - 600) / 290) ** 2))

    plate.line([(140, deck), (1060, deck)], chalk, 6)
    plate.line([(140, deck + 18), (1060, deck + 18)], chalk, 2)
    plate.line([(x, crown(x)) for x in range(140, 1062, 6)], chalk, 5)
    for left, right in pairwise(posts):
        plate.line([(left, crown(left)), (left, deck)], chalk, 3)
        plate.line([(left, deck), (right, crown(right))] if left < 600 else [(left, crown(left)), (right, deck)], quiet, 2.5)
    plate.line([(1060, crown(1060)), (1060, deck)], chalk, 3)
    plate.shape([(540, deck + 18), (660, deck + 18), (690, 640), (510, 640)], chalk)
    for number in range(1, 6):
        plate.line([(540 - number * 5, deck + 18 + number * 25), (660 + number * 5, deck + 18 + number * 25)], "#234a58", 2)
    wave = swell(random, 4, 3)
    for number in range(4):
        plate.line([(x, 640 + number * 26 + wave(x + number * 170)) for x in range(0, 1210, 8)], quiet, 2)
    plate.disc(600, deck + 9, 15, RUST, chalk, 3)
    plate.line(circle(600, deck, 520, 55, 88), RUST, 3)
    tip = circle(600, deck, 520, 55, 56)[0]
    plate.shape([tip, (tip[0] + 22, tip[1] + 4), (tip[0] + 8, tip[1] + 24)], RUST)
    plate.line([(140, 724), (1060, 724)], quiet, 1.5)
    for x in (140, 600, 1060):
        plate.line([(x, 712), (x, 736)], quiet, 1.5)
    return plate


def sounds(random: Random) -> Plate:
    """What a microphone on the seabed hears in a night: pitch upwards, time to the right."""
    plate = Plate(NIGHT)
    columns, rows = 75, 40
    voices = [(random.uniform(0.05, 0.95), random.uniform(0.1, 0.9), random.uniform(0.02, 0.1), random.uniform(0.03, 0.2)) for _ in range(16)]
    scale = [NIGHT, "#122c38", DEEP, SEA, SLATE, OCHRE, "#e6b765", PAPER]
    for column in range(columns):
        u = column / columns
        for row in range(rows):
            v = row / rows
            loud = 0.22 * (1 - v) + 0.1 * random.random()
            loud += sum(0.5 * exp(-(((u - x) / dx) ** 2) - ((v - y) / dy) ** 2) for x, y, dx, dy in voices)
            loud += 0.62 * exp(-(((v - 0.16 - 0.05 * sin(u * 9)) / 0.018) ** 2))
            loud += 0.55 * exp(-(((v - 0.2 - 0.55 * ((u * 4) % 1)) / 0.03) ** 2)) * (0.35 < u < 0.8)
            colour = scale[min(len(scale) - 1, int(loud * len(scale)))]
            left, bottom = 16 * column, 800 - 20 * row
            plate.box(left, bottom - 20, left + 16, bottom, colour)
    return plate


def isobars(random: Random) -> Plate:
    """A low that is coming this way."""
    plate = Plate("#e9e3d4")
    coast = swell(random, 60, 1.4)
    plate.shape([(1200, 0), *((880 + coast(y * 1.5) + y * 0.12, y) for y in range(0, 810, 10)), (1200, 800)], "#d5c6a4")
    plate.line([(880 + coast(y * 1.5) + y * 0.12, y) for y in range(0, 810, 10)], "#8f7d58", 3)
    bend = swell(random, 1, 1)
    for number in range(1, 13):
        radius = 26 + 54 * number
        ring = []
        for angle in range(0, 364, 4):
            uneven = 1 + 0.16 * sin(radians(angle * 2 + 40)) + 0.05 * bend(angle * 3.33 + number * 40) * (number / 9)
            px, py = circle(430, 400, radius * uneven, angle, angle + 1)[0]
            ring.append((430 + (px - 430) * 1.25, py))
        plate.line(ring, SEA if number % 2 else SLATE, 4.5 if number % 4 == 0 else 2.4)
    front = [(430 + 460 * (t / 60), 400 + 330 * (t / 60) ** 2 - 40 * sin(t / 60 * pi)) for t in range(61)]
    plate.line(front, RUST, 6)
    for number in range(6, 60, 9):
        (x, y), (nx, ny) = front[number], front[number + 1]
        length = ((nx - x) ** 2 + (ny - y) ** 2) ** 0.5
        ux, uy = (nx - x) / length, (ny - y) / length
        plate.shape([(x - ux * 20, y - uy * 20), (x + ux * 20, y + uy * 20), (x + uy * 30, y - ux * 30)], RUST)
    plate.disc(430, 400, 12, RUST)
    return plate


def moons(random: Random) -> Plate:
    """A month of tides below a month of moons."""
    plate = Plate(["#10222c", DEEP])
    for number in range(15):
        x, phase = 62 + 77 * number, number / 14
        y = 250 - 70 * sin(pi * phase)
        lit = cos(tau * phase)
        plate.disc(x, y, 27, PAPER)
        waning = phase > 0.5
        dark = circle(x, y, 28, 180, 360) if not waning else circle(x, y, 28, 0, 180)
        side = [(x + (px - x) * lit, py) for px, py in (circle(x, y, 28, 0, 180) if not waning else circle(x, y, 28, 180, 360))]
        plate.shape([*dark, *side], "#1c3a46")

    def tide(x: float) -> float:
        spring = 0.62 + 0.38 * cos(x / 1200 * tau * 2)
        return 560 - 118 * spring * sin(x / 1200 * tau * 27)

    plate.shape([(0, 800), *((x, tide(x)) for x in range(0, 1201, 2)), (1200, 800)], SEA)
    plate.line([(x, tide(x)) for x in range(0, 1201, 2)], MIST, 4)
    plate.line([(0, 560), (1200, 560)], "#7fa0a6", 1.5)
    plate.shape([(0, 800), *((x, 700 + 0.25 * (tide(x) - 560)) for x in range(0, 1201, 2)), (1200, 800)], DEEP)
    return plate


def flooded(random: Random) -> Plate:
    """A street of houses standing in its own reflection."""
    plate = Plate(["#a9c3c6", "#dfe7df", "#efe3c6"])
    level = 520
    plate.box(0, level, 1200, 800, "#9fb9bb")
    x = -30.0
    while x < 1230:
        wide, high = random.uniform(86, 150), random.uniform(130, 270)
        colour = random.choice([RUST, "#b9553a", SAND, PAPER, OCHRE, SLATE, SEA])
        roof = random.uniform(34, 60)
        outline = [(x, level), (x, level - high), (x + wide / 2, level - high - roof), (x + wide, level - high), (x + wide, level)]
        plate.shape(outline, colour)
        plate.line(outline, INK, 2.5)
        for row in range(int(high // 62)):
            for column in range(2):
                left, top = x + wide * (0.18 + 0.4 * column), level - high + 18 + row * 58
                plate.box(left, top, left + wide * 0.22, top + 30, "#2a3c44")
        x += wide
    mirror = plate.image.crop((0, (level - 280) * _FINE, plate.image.width, level * _FINE)).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    plate.image.paste(Image.blend(mirror, Image.new("RGB", mirror.size, "#7d9ca2"), 0.5), (0, level * _FINE))
    for _ in range(90):
        y, px = random.uniform(level + 6, 796), random.uniform(0, 1200)
        plate.line([(px, y), (px + random.uniform(20, 120), y)], "#b8cccb", random.uniform(1, 2.6))
    plate.line([(0, level), (1200, level)], INK, 3)
    return plate


def seamount(random: Random) -> Plate:
    """A mountain under the sea, as lines of soundings show it."""
    plate = Plate([DEEP, NIGHT])
    rough = swell(random, 10, 3)
    rows = 34
    for row in range(rows):
        y = 250 + row * 17
        nearness = row / rows
        peak = 330 * exp(-(((row - 13) / 6.5) ** 2)) + 70 * exp(-(((row - 24) / 5) ** 2))
        line = []
        for x in range(-10, 1216, 6):
            rise = peak * exp(-(((x - 640) / (150 + 40 * nearness)) ** 2)) + 0.4 * peak * exp(-(((x - 330) / 110) ** 2))
            line.append((x, y - rise + rough(x * 1.7 + row * 61) * (0.5 + rise / 140)))
        plate.shape([*line, (1216, 820), (-10, 820)], "#102833")
        plate.line(line, OCHRE if row in (12, 13, 14) else ("#6d97a1" if row % 3 else MIST), 2.4)
    ship(plate, 180, 104, 0.42, ICE)
    plate.line([(0, 106), (1200, 106)], SLATE, 2)
    plate.over(ICE, 0.14, [[(168, 110), (60, 520), (300, 520)]], 8)
    return plate


def river(random: Random) -> Plate:
    """The mouth of a river: where the channel was, and where it is."""
    plate = Plate(SAND)
    bed = swell(random, 74, 1.1)
    for number, (shift, colour) in enumerate(((-210, "#d3c19b"), (-140, "#cbb98f"), (-70, "#b9bda6"), (0, "#7ba1a5"))):
        path = [(480 + shift + bed(y * 1.3 + number * 90) + 0.0011 * (y - 200) ** 2 * 0.5, y) for y in range(-40, 850, 8)]
        for wide in (150, 104, 62) if number == 3 else (96,):
            plate.line(path, {150: "#a8bdb6", 104: "#7ba1a5", 62: SEA}[wide] if number == 3 else colour, wide)
        if number == 3:
            for point in path[4::9]:
                side = 1 if path.index(point) % 2 else -1
                plate.disc(point[0] + side * 62, point[1], 9, RUST if side > 0 else DEEP)
    for _ in range(420):
        x, y = random.uniform(0, 1200), random.uniform(0, 800)
        if plate.image.getpixel((int(x * _FINE), int(y * _FINE))) == (220, 203, 171):
            plate.disc(x, y, random.uniform(1, 2.2), "#b59f73")
    return plate


def birds(random: Random) -> Plate:
    """Birds over a quarter of the sea."""
    plate = Plate([MIST, ICE])
    plate.shade(560, 800, [SLATE, SEA, DEEP])
    for number in range(7):
        wave = swell(random, 4 + 3 * number, 1.4)
        plate.line([(x, 575 + number * 34 + wave(x + number * 211)) for x in range(-10, 1220, 8)], "#86a3aa", 2)
    for _ in range(46):
        x, y = random.uniform(40, 1160), random.gauss(300, 130)
        size = random.uniform(7, 15) if random.random() < 0.8 else random.uniform(28, 52)
        if y > 530:
            continue
        tilt, lift = random.uniform(-0.4, 0.4), random.uniform(0.3, 0.8)
        left = [(x - size, y - size * lift * 0.6 + size * tilt), (x - size * 0.45, y - size * lift + size * tilt * 0.4), (x, y)]
        right = [(x, y), (x + size * 0.45, y - size * lift - size * tilt * 0.4), (x + size, y - size * lift * 0.6 - size * tilt)]
        plate.line([*left, *right[1:]], INK, max(2, size / 8))
    plate.line([(0, 560), (600, 250)], RUST, 2)
    plate.line([(1200, 560), (600, 250)], RUST, 2)
    return plate


def fog(random: Random) -> Plate:
    """Headlands, one behind the other, in fog."""
    plate = Plate(["#d9dedb", "#c3cdcb"])
    for number, colour in enumerate(("#bcc8c7", "#a5b6b8", "#879da2", "#5f7c85", "#33535f")):
        ridge = swell(random, 34 + 9 * number, 0.8)
        base = 250 + number * 96
        plate.shape(
            [(0, 800), *((x, base + ridge(x + number * 370) + 0.1 * abs(x - 600) * (1 - number / 3)) for x in range(0, 1210, 8)), (1200, 800)], colour
        )
        plate.over("#dfe4e1", 0.62, [[(0, base + 66), (1200, base + 66), (1200, base + 118), (0, base + 118)]], 30)
    plate.shape([(905, 556), (921, 556), (917, 470), (909, 470)], PAPER)
    plate.over("#f4d9a0", 0.9, [circle(913, 466, 16)], 9)
    return plate


def boxes(random: Random) -> Plate:
    """A stack of containers, one of them open."""
    plate = Plate(["#c9d3cf", "#e8e2d2"])
    colours = [RUST, "#b4533b", SEA, SLATE, DEEP, OCHRE, "#7c8f86", "#d0b98c", "#8b2e22"]
    wide, high = 150, 88
    for column in range(-1, 9):
        rows = random.choice([4, 5, 6, 6, 7])
        for row in range(rows):
            left, top = column * (wide + 4) - 30, 720 - (row + 1) * (high + 4)
            colour = random.choice(colours)
            plate.box(left, top, left + wide, top + high, colour)
            darker = mixed(colour, INK, 0.22)
            for rib in range(1, 15):
                x = left + rib * wide / 15
                plate.line([(x, top + 9), (x, top + high - 9)], darker, 2.6)
            plate.line([(left, top + 3), (left + wide, top + 3)], darker, 5)
    plate.box(0, 720, 1200, 800, INK)
    plate.line([(0, 748), (1200, 748)], OCHRE, 5)
    return plate


def lighthouse(random: Random) -> Plate:
    """Skerrow Light, lit."""
    plate = Plate([NIGHT, "#16303c", "#29505d"])
    for _ in range(90):
        plate.disc(random.uniform(0, 1200), random.uniform(0, 420), random.choice([1, 1, 1.6]), "#c9d6d2")
    for strength, spread in ((0.28, 5), (0.4, 2.4)):
        for middle in (78, -100):
            plate.over(
                "#f0dca8",
                strength,
                [[(760, 226), *circle(760, 226, 1300, middle - spread, middle + spread)]],
                7,
            )
    plate.shape([(560, 690), (640, 640), (710, 655), (760, 620), (850, 630), (930, 668), (1010, 690), (1080, 720), (500, 720)], "#0b161c")
    water(plate, random, 690, ["#21424f", "#122a35", NIGHT], "#6d8f97", 620)
    plate.shape([(724, 640), (796, 640), (784, 268), (736, 268)], PAPER)
    for top, bottom in ((330, 400), (470, 548)):
        plate.shape(
            [
                (735 - (top - 268) * 0.032, top),
                (785 + (top - 268) * 0.032, top),
                (785 + (bottom - 268) * 0.032, bottom),
                (735 - (bottom - 268) * 0.032, bottom),
            ],
            RUST,
        )
    plate.box(718, 256, 802, 270, INK)
    plate.box(736, 204, 784, 256, "#f6e7b8")
    for x in (736, 760, 784):
        plate.line([(x, 204), (x, 256)], INK, 3)
    plate.shape([(728, 206), (792, 206), (760, 170)], INK)
    return plate


def monster(random: Random) -> Plate:
    """Twenty minutes of a buoy's record, with one wave that is three times the others."""
    plate = Plate(PAPER)
    for number in range(0, 1200, 24):
        plate.line([(number, 0), (number, 800)], "#e2d8c2", 2 if number % 120 == 0 else 1)
        plate.line([(0, number), (1200, number)], "#e2d8c2", 2 if number % 120 == 0 else 1)
    rough, fine = swell(random, 40, 9), swell(random, 22, 23)
    line = []
    for x in range(0, 1201, 3):
        y = 500 + rough(x) * 0.9 + fine(x) * 0.7
        y -= 372 * exp(-(((x - 730) / 24) ** 2)) - 150 * exp(-(((x - 670) / 26) ** 2)) - 130 * exp(-(((x - 792) / 28) ** 2))
        line.append((x, y))
    plate.line(line, DEEP, 4)
    plate.line([(730, 60), (730, 104)], RUST, 4)
    plate.line([(0, 500), (1200, 500)], RUST, 1.5)
    return plate


def tug(random: Random) -> Plate:
    """A tug, off to work in the rain."""
    plate = Plate(["#6f8a8f", "#a9b7b3", "#cfcdbd"])
    plate.shade(540, 800, ["#6f8a8f", SEA, DEEP])
    for number in range(8):
        wave = swell(random, 6 + 2 * number, 2)
        plate.line([(x, 560 + number * 30 + wave(x + 150 * number)) for x in range(-10, 1220, 8)], "#86a0a5", 2.4)
    plate.shape([(350, 470), (372, 560), (830, 572), (880, 520), (904, 424), (780, 462)], INK)
    plate.line([(352, 482), (780, 474), (902, 436)], RUST, 11)
    plate.shape([(560, 466), (560, 388), (730, 384), (742, 464)], PAPER)
    plate.shape([(606, 388), (612, 316), (712, 314), (716, 386)], "#e3d6bb")
    for left in (620, 648, 676):
        plate.box(left, 330, left + 20, 358, "#2a3c44")
    for left in (582, 626, 670):
        plate.disc(left + 14, 424, 11, "#2a3c44")
    plate.shape([(486, 468), (492, 318), (548, 314), (552, 466)], RUST)
    plate.shape([(489, 372), (491, 340), (549, 337), (550, 369)], INK)
    plate.line([(660, 314), (660, 196)], INK, 5)
    plate.line([(660, 210), (890, 428)], INK, 2)
    plate.over("#3c4a4c", 0.5, [circle(500 - n * 36, 280 - n * 16 + 8 * sin(n), 22 + n * 7) for n in range(9)], 12)
    for number in range(5):
        plate.disc(400 + number * 96, 532, 21, "#12191c", "#3b474a", 4)
    for _ in range(120):
        x, y = random.uniform(0, 1300), random.uniform(-40, 760)
        plate.line([(x, y), (x - 12, y + 40)], "#b6c1be", 1.2)
    return plate


def cover(draw: Callable[[Plate, Random], None], ground: Sequence[str], name: str, number: int) -> Callable[[Random], Plate]:
    """A cover: the magazine's name, a drawing, the number and what it is called."""

    def made(random: Random) -> Plate:
        plate = Plate(ground, 900, 1200)
        draw(plate, random)
        plate.write(60, 48, "The Meridian", 62, PAPER)
        plate.line([(60, 136), (840, 136)], PAPER, 4)
        plate.write(60, 1084, name, 54, PAPER)
        plate.write(790, 1084, str(number), 54, PAPER)
        return plate

    return made


def _anchor(plate: Plate, random: Random) -> None:
    for radius in range(900, 120, -60):
        plate.disc(450, 640, radius, None, "#a53a2a", 2)
    plate.line([(450, 360), (450, 850)], PAPER, 30)
    plate.line([(340, 450), (560, 450)], PAPER, 26)
    plate.disc(450, 322, 44, None, PAPER, 20)
    plate.line(circle(450, 610, 240, 104, 256), PAPER, 32)
    for x, side in ((217, 1), (683, -1)):
        plate.shape([(x - 44, 700), (x + 44, 700), (x + side * 6, 590)], PAPER)


def _stars(plate: Plate, random: Random) -> None:
    for number in range(60):
        radius, begin = 30 + number * 17 + random.uniform(-6, 6), random.uniform(0, 360)
        plate.line(
            circle(560, 480, radius, begin, begin + random.uniform(30, 110), 1),
            random.choice([MIST, "#6f94a0", PAPER, OCHRE, "#48707d"]),
            random.choice([1.4, 2, 3]),
        )
    plate.shape([(0, 980), (900, 980), (900, 1200), (0, 1200)], "#081218")
    ship(plate, 330, 984, 1.4, "#081218", OCHRE)


def _pack(plate: Plate, random: Random) -> None:
    plate.disc(640, 330, 86, "#f0dfba")
    plate.shade(430, 1200, ["#6f949d", DEEP])
    floes(plate, random, 436, 240, lambda y: 300 + 300 * ((y - 430) / 770))
    ship(plate, 300, 456, 0.5, INK, OCHRE)
    plate.over(NIGHT, 0.62, [[(0, 1050), (900, 1050), (900, 1200), (0, 1200)]], 40)


def portrait(ground: str, coat: str, hat: str, skin: str, kind: str) -> Callable[[Random], Plate]:
    """Somebody at sea, without a face, as a woodcut would have it."""

    def made(_: Random) -> Plate:
        plate = Plate(ground, 480, 480)
        plate.disc(240, 250, 170, mixed(ground, PAPER, 0.28))
        plate.shape([(60, 480), (96, 380), (186, 336), (294, 336), (384, 380), (420, 480)], coat)
        plate.shape([(200, 280), (280, 280), (290, 352), (240, 384), (190, 352)], skin)
        plate.disc(240, 222, 78, skin)
        plate.shape(
            [(240, 144), *circle(240, 222, 78, 0, 180), (240, 300)],
            mixed(skin, INK, 0.2),
        )
        if kind == "souwester":
            plate.shape([(150, 196), *circle(240, 206, 92, -84, 84), (330, 196), (380, 236), (300, 214), (160, 212), (92, 246)], hat)
        elif kind == "beanie":
            plate.shape([(160, 206), *circle(240, 204, 84, -90, 90), (320, 206)], hat)
            plate.box(152, 188, 328, 218, mixed(hat, INK, 0.3))
        elif kind == "cap":
            plate.shape([(146, 176), (160, 130), (240, 112), (320, 130), (334, 176), (318, 196), (162, 196)], hat)
            plate.shape([(162, 194), (318, 194), (344, 222), (240, 206), (136, 222)], INK)
            plate.disc(240, 160, 13, OCHRE)
        else:
            plate.shape([(150, 250), *circle(240, 214, 96, -112, 112), (330, 250), (318, 190), (240, 166), (162, 190)], hat)
        plate.line([(240, 384), (240, 480)], INK, 3)
        return plate

    return made


PICTURES: dict[str, Callable[[Random], Plate]] = {
    "birds": birds,
    "boxes": boxes,
    "cable": cable,
    "dawn": dawn,
    "dial": dial,
    "dusk": dusk,
    "flags": flags,
    "flooded": flooded,
    "fog": fog,
    "isobars": isobars,
    "lighthouse": lighthouse,
    "monster": monster,
    "moons": moons,
    "radar": radar,
    "river": river,
    "seamount": seamount,
    "sounds": sounds,
    "swing-bridge": bridge,
    "tug": tug,
    "winter-road": winter_road,
    "wintered": wintered,
    "cover-1": cover(_anchor, [RUST, "#7c2016"], "Salvage", 1),
    "cover-2": cover(_stars, [NIGHT, DEEP], "The Long Watch", 2),
    "cover-3": cover(_pack, [SLATE, "#b7ad97"], "The Winter Number", 3),
    "abena-sackeyfio": portrait(SEA, OCHRE, "#2b2320", "#7a5138", "hair"),
    "hester-lamborne": portrait(SAND, DEEP, "#cfc9bd", "#dcb592", "hair"),
    "marit-odegard-pike": portrait(MIST, RUST, DEEP, "#e2bd9c", "beanie"),
    "nell-carrow": portrait(OCHRE, SLATE, RUST, "#d9ac86", "souwester"),
    "tomas-quiroga-beal": portrait(SLATE, INK, PAPER, "#b98a63", "cap"),
    "yusra-halabi": portrait("#b9553a", MIST, SEA, "#c79a74", "hair"),
}


def number(cover: Image.Image) -> list[Image.Image]:
    """The winter number as it would be handed out: its cover, and what is in it."""
    sheet = Plate(PAPER, 900, 1200)
    sheet.write(60, 70, "The Winter Number", 54, INK)
    sheet.line([(60, 156), (840, 156)], RUST, 4)
    for place, (title, writer) in enumerate(WINTER):
        sheet.write(60, 220 + 130 * place, title, 38, INK)
        sheet.write(60, 272 + 130 * place, writer, 28, SLATE)
    return [cover, sheet.finished()]


def card() -> Image.Image:
    """What lies in the winter number: a card to take along."""
    sheet = Plate(NIGHT, 900, 1200)
    sheet.write(60, 70, "Fourteen words for ice", 54, PAPER)
    sheet.line([(60, 156), (840, 156)], OCHRE, 4)
    for place, word in enumerate(WORDS):
        sheet.write(60 + 420 * (place // 7), 220 + 130 * (place % 7), word, 44, ICE)
    return sheet.finished()


# In the order of the dictionary.
WORDS = (
    *("Frazil", "Grease ice", "Shuga", "Nilas", "Pancake", "First-year ice", "Old ice"),
    *("Lead", "Polynya", "Ridge", "Iceberg", "Bergy bit", "Growler", "Brash"),
)


WINTER = (
    ("A Short Dictionary of Ice", "Marit Ødegård Pike"),
    ("The Road That Is There in Winter", "Marit Ødegård Pike"),
    ("Sixty-One Days Without a Shadow", "Marit Ødegård Pike"),
    ("Counting Birds from a Moving Deck", "Marit Ødegård Pike"),
    ("The Town That Floods on a Clear Day", "Pawel Drozdowicz"),
)


def draw(folder: Path) -> None:
    """All of them, each with chances of its own, so that a change to one leaves the others as they are."""
    folder.mkdir(parents=True, exist_ok=True)
    finished = {name: made(Random(name)).finished() for name, made in PICTURES.items()}
    for name, picture in finished.items():
        picture.save(folder / f"{name}.jpg", quality=70, optimize=True, progressive=True, subsampling="4:2:0")
    first, *others = number(finished["cover-3"])
    printed = gmtime(1794484800)  # 12 November 2026
    first.save(folder / "the-winter-number.pdf", save_all=True, append_images=others, quality=60, creationDate=printed, modDate=printed)
    card().save(folder / "fourteen-words-for-ice.pdf", quality=50, creationDate=printed, modDate=printed)


if __name__ == "__main__":
    draw(MEDIA)
