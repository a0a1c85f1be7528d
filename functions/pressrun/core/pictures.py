"""The darkroom: judges an uploaded picture, and makes what readers get of it.

What is too large is refused from its header, before a pixel of it is decoded; all else is decoded to its end by the same steps that ``develop``
takes, so that what was accepted can be developed. Readers never get the uploaded bytes, only what was made from its pixels: upright, in sRGB, and
without a word of EXIF, GPS, XMP, IPTC or comment.

The same bytes give the same variants, in any process with the same Pillow on the same kind of processor. Another one may round differently, so
variants made on two machines are compared by their names, which follow from the upload alone.

Pillow is imported when the first picture comes: it costs a tenth of a second, and most who read a ``Picture`` make none.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Container, Iterator
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from itertools import count
from typing import TYPE_CHECKING, Any, Literal

from pressrun.core.problem import Problem

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

WIDTHS = (480, 800, 1200, 1600)
_CARD = 1200  # https://ogp.me asks for no width; what large cards are shown at

MOST_BYTES = 25 * 1024 * 1024
MOST_PIXELS = 50_000_000  # of all frames together: an animation costs what its pixels cost
MOST_ON_A_SIDE = 16_383  # the most that WebP can hold
MOST_FRAMES = 500  # half a minute at 15 frames a second

Kind = Literal["photo", "graphic", "animation"]
Ending = Literal["avif", "webp", "jpg", "png"]

# Pillow's name, content type, and how it is saved. One thread: with more, AVIF cuts the picture into tiles, as many as there are processors.
_ENCODINGS: dict[Ending, tuple[str, str, dict[str, Any]]] = {
    "avif": ("AVIF", "image/avif", {"quality": 60, "speed": 8, "max_threads": 1}),
    "webp": ("WEBP", "image/webp", {"method": 4}),
    "jpg": ("JPEG", "image/jpeg", {"quality": 80, "optimize": True, "progressive": True}),
    "png": ("PNG", "image/png", {"optimize": True}),
}

# How files begin: those that are taken, by Pillow's name, then those that editors upload by mistake.
_BEGINNING = re.compile(
    rb"(?P<JPEG>\xff\xd8\xff)|(?P<PNG>\x89PNG\r\n\x1a\n)|(?P<GIF>GIF8[79]a)|(?P<WEBP>RIFF.{4}WEBP)|(?P<AVIF>.{4}ftyp.{0,60}?avi[fs])"
    rb"|(?P<HEIC>.{4}ftyp(?:hei|hev|mif1|msf1))|(?P<TIFF>II\*\0|MM\0\*)|(?P<BMP>BM.{4}\0{4})|(?P<ICO>\0\0\x01\0)|(?P<Photoshop>8BPS)"
    rb"|(?P<PDF>%PDF-)|(?:\xef\xbb\xbf)?\s*(?i:(?P<page><!doctype\s+html|<html)|(?P<SVG><.{0,4000}?svg))",
    re.DOTALL,
)
_TAKEN = ("JPEG", "PNG", "GIF", "WEBP", "AVIF")
_NEVER_TAKEN = {".bmp": "BMP", ".heic": "HEIC", ".heif": "HEIC", ".ico": "ICO", ".psd": "Photoshop", ".svg": "SVG", ".tif": "TIFF", ".tiff": "TIFF"}

# A JPEG's scans: a hundred bytes of one can ask for another pass over 50 megapixels, 0.1 s. Real ones have about ten. The marker's length is 6 and
# two for each of up to four components (ITU-T T.81, B.2.3), which tells it from chance.
_SCAN = re.compile(rb"\xff\xda\0[\x08\x0a\x0c\x0e]")
_MOST_SCANS = 100

# What turns a picture upright, by its orientation (Exif 2.32, 4.6.4 A, tag 274).
_TURNS = {2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE", 6: "ROTATE_270", 7: "TRANSVERSE", 8: "ROTATE_90"}
_ORIENTATION_TAG = 274
_SIDEWAYS = (5, 6, 7, 8)

# Timings that WebP can hold: an animation may claim hours for a frame. Its loop count has 16 bits.
_LONGEST_FRAME = 60_000
_MOST_LOOPS = 0xFFFF


@dataclass(frozen=True, slots=True)
class Picture:
    """What a page must know of a picture.

    ``width`` and ``height`` are the upload's, in pixels, as shown: after its EXIF rotation. ``widths`` are the variants', ascending, none wider than
    the upload. ``formats`` are their endings, best first; the last is shown everywhere, and stands still even where the picture is an animation.
    ``place`` is what the site keys of all variants begin with, ``pictures/<hash of the content key>/<hash of the bytes>``.
    """

    place: str
    width: int
    height: int
    kind: Kind
    widths: tuple[int, ...]
    formats: tuple[Ending, ...]

    @property
    def digest(self) -> str:
        return self.place.rpartition("/")[2]

    def url(self, width: int, ending: str) -> str:
        """Where readers get one variant."""
        return f"/{self.place}-{width}.{ending}"

    @property
    def card(self) -> str:
        """Where others get the one that they show beside a link, in the format that is shown everywhere."""
        return self.url(self.card_width, self.formats[-1])

    @property
    def card_width(self) -> int:
        """1,200 pixels at the most."""
        return max(width for width in self.widths if width <= _CARD)

    def height_at(self, width: int) -> int:
        """The ratio is kept as well as whole pixels can."""
        return max(1, round(self.height * width / self.width))

    @classmethod
    def of(cls, fields: dict[str, Any]) -> Picture:
        """From what ``asdict`` gave, and JSON kept."""
        return cls(**fields | {"widths": tuple(fields["widths"]), "formats": tuple(fields["formats"])})


def folder_of(key: str) -> str:
    """Below what the variants of the picture at a content key lie, of whichever bytes."""
    return f"pictures/{sha256(key.encode()).hexdigest()[:12]}/"


def judge_picture(key: str, data: bytes) -> tuple[Picture | None, tuple[Problem, ...]]:
    """The picture in the upload of a content key, or why it is refused. Never raises."""
    try:
        with _silence():
            return _judged(key, data), ()
    except _Refused as refused:
        return None, (refused.problem,)
    except Exception:  # broken bytes make Pillow stumble in every way there is
        return None, (Problem("The picture is broken, or was cut short on its way.", "Open it, save it anew and upload it again."),)


def never_taken(suffix: str) -> Problem | None:
    """Why no picture is taken whose name ends so, None where one may be."""
    return _not_taken(_NEVER_TAKEN[suffix]) if suffix in _NEVER_TAKEN else None


def _not_taken(format_name: str) -> Problem:
    if format_name == "SVG":
        return Problem("An SVG drawing can carry script, so none is taken.", f"Export it as PNG, {WIDTHS[-1]:,} pixels wide, and upload that.")
    return Problem(f"{format_name} files are not taken.", "Save it as JPEG (a photograph) or PNG (a drawing), and upload that.")


def variants_of(picture: Picture) -> dict[str, str]:
    """The site key and the content type of every variant."""
    return {picture.url(width, ending)[1:]: _ENCODINGS[ending][1] for width in picture.widths for ending in picture.formats}


def develop(data: bytes, picture: Picture, there: Container[str] = ()) -> Iterator[tuple[str, bytes]]:
    """The variants of the upload that was judged to be ``picture``, one at a time: site key and bytes of each whose key is not ``there``."""
    from PIL.Image import Resampling

    with _silence():
        upload = _opened(data)
        prints = list(_prints(upload))
    lossless = {"lossless": True}
    # No key frames: nobody seeks in a page's animation, and without them a screen recording has a fifth of the bytes.
    moving = {"save_all": True, "kmin": 0, "kmax": 0, "duration": [duration for _, duration in prints], "loop": _loops(upload)}
    for width in picture.widths:
        missing = [ending for ending in picture.formats if picture.url(width, ending)[1:] not in there]
        if not missing:
            continue
        size = width, picture.height_at(width)
        still, *others = (frame.resize(size, Resampling.LANCZOS) for frame, _ in prints)
        for ending in missing:
            name, _, options = _ENCODINGS[ending]
            if ending == "webp":
                options = options | (lossless if picture.kind == "graphic" else moving | {"append_images": others})
            encoded = BytesIO()
            still.save(encoded, name, **options)
            yield picture.url(width, ending)[1:], encoded.getvalue()


class _Refused(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.problem)
        self.problem = problem


def _judged(key: str, data: bytes) -> Picture:
    """Raises _Refused, and whatever Pillow raises."""
    upload = _opened(data)
    width, height = upload.size  # before the first print, for which a JPEG may be decoded smaller
    prints = _prints(upload)
    first, _ = next(prints)
    frames = 1 + sum(1 for _ in prints)
    # What takes under two bits a pixel without loss is drawn, not photographed: without loss it stays small, and its edges sharp.
    drawn = upload.format in ("PNG", "GIF") and len(data) * 4 < width * height
    transparent = first.mode == "RGBA"
    kind: Kind = "animation" if frames > 1 else "graphic" if drawn else "photo"
    if _orientation(upload) in _SIDEWAYS:
        width, height = height, width
    return Picture(
        place=f"{folder_of(key)}{sha256(data).hexdigest()[:16]}",
        width=width,
        height=height,
        kind=kind,
        widths=tuple(sorted({min(variant, width) for variant in WIDTHS})),
        formats=("avif" if kind == "photo" else "webp", "png" if transparent or kind == "graphic" else "jpg"),
    )


def _opened(data: bytes) -> ImageFile:
    """The upload with its header read and none of its pixels. Raises _Refused, and whatever Pillow raises."""
    from PIL import AvifImagePlugin, Image, WebPImagePlugin  # noqa: F401 (Pillow knows these two once they are imported)

    if not data:
        raise _Refused(Problem("The file is empty.", "Upload the picture again."))
    if len(data) > MOST_BYTES:
        raise _Refused(too_large(len(data)))
    beginning = _BEGINNING.match(data)
    format_name = beginning.lastgroup if beginning else None
    match format_name:
        case "page":
            raise _Refused(Problem("This is a web page, not a picture.", "Save the picture itself, not the page around it, and upload that."))
        case None:
            raise _Refused(Problem("This is not a picture.", "Upload a JPEG, PNG, GIF, WebP or AVIF picture."))
        case _ if format_name not in _TAKEN:
            raise _Refused(_not_taken(format_name))
    if format_name == "JPEG" and len(_SCAN.findall(data)) > _MOST_SCANS:
        raise _Refused(Problem("The picture is put together from far too many layers.", "Save it anew as an ordinary JPEG and upload that."))
    try:
        upload = Image.open(BytesIO(data), formats=[format_name])
    except Image.DecompressionBombError as bomb:
        raise _Refused(_too_much(f"The picture has more than {MOST_PIXELS // 1_000_000} megapixels.")) from bomb
    _check_size(upload)
    return upload


def _prints(upload: ImageFile) -> Iterator[tuple[Image, int]]:
    """Each frame as readers see it at the widest, in RGBA where it is transparent, else RGB; and its duration in milliseconds."""
    pixels = 0
    for number in count():
        try:
            upload.seek(number)
        except EOFError:
            return
        _check_size(upload)
        pixels += upload.width * upload.height
        if number == MOST_FRAMES or pixels > MOST_PIXELS:
            raise _Refused(_too_much(f"The animation is too long: its first {number + 1} frames have {pixels / 1_000_000:.1f} megapixels together."))
        made = _print(upload)
        yield made, round(min(upload.info.get("duration") or 100, _LONGEST_FRAME))
        if upload.format == "MPO":
            return  # a phone's JPEG, whose other pictures are depths and previews


def _print(upload: ImageFile) -> Image:
    """The present frame. It is made small first, since the other steps cost by the pixel."""
    from PIL.Image import Resampling, Transpose

    orientation = _orientation(upload)
    sideways = orientation in _SIDEWAYS
    upright = upload.size[::-1] if sideways else upload.size
    size = _scaled(upright, min(upright[0], WIDTHS[-1]))
    size = size[::-1] if sideways else size
    upload.draft(None, (size[0] * 2, size[1] * 2))  # a JPEG is decoded at half, a quarter or an eighth, where that is enough
    upload.load()
    profile = upload.info.get("icc_profile")
    made = _plain(upload).resize(size, Resampling.LANCZOS, reducing_gap=2.0)
    if orientation in _TURNS:
        made = made.transpose(Transpose[_TURNS[orientation]])
    if profile:
        made = _in_srgb(made, profile)
    if made.mode != "RGBA" or made.getchannel("A").getextrema()[0] == 255:
        made = made.convert("RGB")
    made.info = {}  # what stands here would be saved
    return made


def _plain(upload: ImageFile) -> Image:
    """In L, RGB, RGBA or CMYK, of which there are colour profiles and which can be resized well."""
    image: Image = upload
    if image.mode.startswith("I"):
        image = image.point(lambda value: value / 256).convert("L")  # 16 bit; alone, convert would cut off at 255
    mode = "RGBA" if image.has_transparency_data else image.mode if image.mode in ("L", "CMYK") else "RGB"
    return image if image.mode == mode else image.convert(mode)


def _in_srgb(image: Image, profile: bytes) -> Image:
    """The colours that its profile means. A profile that cannot be read, or is for another kind of colours, is as good as none."""
    from PIL import ImageCms

    try:
        meant = ImageCms.ImageCmsProfile(BytesIO(profile))
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        return ImageCms.profileToProfile(image, meant, ImageCms.createProfile("sRGB"), outputMode=mode) or image
    except (OSError, ImageCms.PyCMSError):
        return image


def _orientation(upload: ImageFile) -> int:
    try:
        return int(upload.getexif().get(_ORIENTATION_TAG, 1))
    except Exception:  # EXIF is broken more often than pictures are
        return 1


def _scaled(size: tuple[int, int], width: int) -> tuple[int, int]:
    return width, max(1, round(size[1] * width / size[0]))


def _check_size(upload: ImageFile) -> None:
    if max(upload.size) > MOST_ON_A_SIDE or upload.width * upload.height > MOST_PIXELS:
        raise _Refused(_too_much(f"The picture has {upload.width:,} × {upload.height:,} pixels."))


def too_large(size: int) -> Problem:
    """Of a picture of so many bytes."""
    return _too_much(f"The picture has {size / 1024 / 1024:.1f} MB.")


def _too_much(problem: str) -> Problem:
    limits = f"{MOST_BYTES // 1024 // 1024} MB, {MOST_PIXELS // 1_000_000} megapixels (all frames together), {MOST_ON_A_SIDE:,} pixels on a side"
    return Problem(problem, f"Save it smaller: at most {limits} and {MOST_FRAMES} frames. Readers get {WIDTHS[-1]:,} pixels of its width.")


def _loops(upload: ImageFile) -> int:
    """How often it plays, 0 for ever. Only a GIF that says nothing plays once."""
    return min(int(upload.info.get("loop", 1 if upload.format == "GIF" else 0)), _MOST_LOOPS)


def _silence() -> warnings.catch_warnings[None]:
    """Pillow warns of what is refused here anyway, or mended."""
    return warnings.catch_warnings(action="ignore")
