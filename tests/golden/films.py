"""Makes the film of the sample magazine from one of its pictures, so that it is all our own. Needs ffmpeg, which nothing else does. After a change::

python -m tests.golden.films
"""

from collections.abc import Iterator
from math import cos, tau
from subprocess import run

from PIL import Image

from tests.golden.plates import MEDIA, MIST
from tests.needs import program

SIZE, RATE, SECONDS = (720, 480), 12, 16
LIGHT, PERIOD, FLASH = (546, 285), 4, 0.7  # where the light stands, how often it shows, for how long, in seconds


def frames() -> Iterator[Image.Image]:
    """A light that shows every four seconds, while fog comes and hides the headlands, the light, and everything."""
    clear = Image.open(MEDIA / "fog.jpg").resize(SIZE)
    fog = Image.new("RGB", SIZE, MIST)
    glow = Image.radial_gradient("L").point(lambda dark: max(0, 235 - dark * 2))
    for number in range(RATE * SECONDS):
        second = number / RATE
        scene = clear.copy()
        away = min(second % PERIOD, PERIOD - second % PERIOD) / FLASH
        if away < 1:
            share = (1 + cos(away * tau / 2)) / 2
            scene.paste("#f6e2ae", (LIGHT[0] - 128, LIGHT[1] - 128), glow.point([int(light * share) for light in range(256)]))
        yield Image.blend(scene, fog, min(0.97, max(0, second - 2) / 11))


def main() -> None:
    ffmpeg = program("ffmpeg", "`apt-get install ffmpeg` gets it")
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{SIZE[0]}x{SIZE[1]}", "-r", str(RATE), "-i", "-"]
    made = ["-c:v", "libx264", "-preset", "veryslow", "-crf", "27", "-pix_fmt", "yuv420p", "-movflags", "+faststart", "-fflags", "+bitexact"]
    data = b"".join(frame.tobytes() for frame in frames())
    run([ffmpeg, "-y", "-loglevel", "error", *raw, *made, str(MEDIA / "a-light-in-fog.mp4")], input=data, check=True)


if __name__ == "__main__":
    main()
