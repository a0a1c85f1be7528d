"""Uploaded pictures are judged, and become what readers get. Every picture is made here, by Pillow or byte by byte."""

import json
import subprocess
import sys
import warnings
from dataclasses import asdict
from functools import cache
from hashlib import sha256
from io import BytesIO
from random import Random
from struct import pack
from typing import Any
from zlib import compress, crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageDraw

from pressrun.core.pictures import MOST_BYTES, MOST_FRAMES, Picture, develop, folder_of, judge_picture, variants_of

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def photo(width: int, height: int) -> Image.Image:
    """Soft shapes under grain: what a camera sees."""
    shapes = Image.frombytes("RGB", (7, 5), Random(1).randbytes(105)).resize((width, height), Image.Resampling.BICUBIC)
    grain = Image.frombytes("RGB", (width, height), Random(2).randbytes(width * height * 3))
    return Image.blend(shapes, grain, 0.1)


def corners(width: int = 64, height: int = 32) -> Image.Image:
    """Red, green, blue and white quarters, from the upper left by rows."""
    image = Image.new("RGB", (width, height))
    for index, colour in enumerate((RED, GREEN, BLUE, WHITE)):
        left, top = index % 2 * width // 2, index // 2 * height // 2
        image.paste(colour, (left, top, left + width // 2, top + height // 2))
    return image


def saved(image: Image.Image, file_format: str, **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def accepted(data: bytes) -> Picture:
    picture, problems = judge_picture("media/x.jpg", data)
    assert picture, problems
    assert problems == ()
    return picture


def refused(data: bytes) -> str:
    """What is wrong, in one line with its remedy."""
    picture, problems = judge_picture("media/x.jpg", data)
    assert picture is None
    assert [problem.severity for problem in problems] == ["error"]
    assert all(problem.problem and problem.remedy for problem in problems)
    return f"{problems[0].problem} {problems[0].remedy}"


def variants(data: bytes) -> dict[str, bytes]:
    """By what follows the digest: ``480.avif``."""
    return {key.rpartition("-")[2]: body for key, body in develop(data, accepted(data))}


def fallback(data: bytes) -> Image.Image:
    """The widest variant that is shown everywhere."""
    picture = accepted(data)
    return Image.open(BytesIO(variants(data)[f"{picture.widths[-1]}.{picture.formats[-1]}"]))


def near(found: Any, meant: tuple[int, ...], within: int = 6) -> bool:
    return len(found) == len(meant) and all(abs(one - other) <= within for one, other in zip(found, meant, strict=True))


def chunk(kind: bytes, body: bytes) -> bytes:
    return pack(">I", len(body)) + kind + body + pack(">I", crc32(kind + body))


def png(width: int, height: int, depth: int, colour_type: int, rows: bytes, *before: bytes) -> bytes:
    """A PNG written by hand, for what Pillow does not write."""
    header = chunk(b"IHDR", pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(before) + chunk(b"IDAT", compress(rows)) + chunk(b"IEND", b"")


def gif(width: int, height: int, frames: int) -> bytes:
    """A GIF written by hand: after its header it has one pixel a frame, however large it says it is."""
    frame = b"," + pack("<HHHH", 0, 0, 1, 1) + b"\0\2\2\x44\1\0"
    return b"GIF89a" + pack("<HH", width, height) + b"\x80\0\0" + bytes(6) + frame * frames + b";"


@cache
def animation(file_format: str) -> bytes:
    """A square that moves to the right in three frames, for ever."""
    first, *others = (Image.new("RGB", (60, 40), BLUE) for _ in range(3))
    for number, frame in enumerate((first, *others)):
        frame.paste(RED, (number * 20, 10, number * 20 + 20, 30))
    return saved(first, file_format, save_all=True, append_images=others, duration=70, loop=0)


def test_a_photograph_becomes_avif_and_jpeg_in_several_widths() -> None:
    data = saved(photo(2000, 1001), "JPEG", quality=90)
    picture = accepted(data)
    assert picture.digest == sha256(data).hexdigest()[:16]
    assert (picture.width, picture.height, picture.kind) == (2000, 1001, "photo")
    assert (picture.widths, picture.formats) == ((480, 800, 1200, 1600), ("avif", "jpg"))
    made = list(develop(data, picture))
    assert [key for key, _ in made] == list(variants_of(picture))
    assert made[0][0] == f"{folder_of('media/x.jpg')}{picture.digest}-480.avif"
    assert list(variants_of(picture).values()) == ["image/avif", "image/jpeg"] * 4
    heights = {480: 240, 800: 400, 1200: 601, 1600: 801}
    assert [Image.open(BytesIO(body)).size for _, body in made] == [(width, heights[width]) for width in picture.widths for _ in picture.formats]
    assert Image.open(BytesIO(made[-1][1])).info["progressive"]


@pytest.mark.parametrize(
    ("width", "widths"),
    [(1, (1,)), (479, (479,)), (480, (480,)), (1000, (480, 800, 1000)), (1600, (480, 800, 1200, 1600)), (1601, (480, 800, 1200, 1600))],
)
def test_no_variant_is_wider_than_the_upload(width: int, widths: tuple[int, ...]) -> None:
    assert accepted(saved(Image.new("RGB", (width, 30)), "JPEG")).widths == widths


@pytest.mark.parametrize("size", [(1, 1), (16_000, 1), (1, 16_000), (2, 16_383)])
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "GIF", "WEBP"])
def test_the_smallest_and_the_thinnest_are_developed(file_format: str, size: tuple[int, int]) -> None:
    data = saved(Image.new("RGB", size, (200, 100, 50)), file_format)
    for name, body in variants(data).items():
        width = int(name.partition(".")[0])
        assert Image.open(BytesIO(body)).size == (width, max(1, round(size[1] * width / size[0])))


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize(
    ("orientation", "shown"),
    [  # the corners from the upper left by rows, where the camera saw red, green, blue and white
        (1, (RED, GREEN, BLUE, WHITE)),
        (2, (GREEN, RED, WHITE, BLUE)),
        (3, (WHITE, BLUE, GREEN, RED)),
        (4, (BLUE, WHITE, RED, GREEN)),
        (5, (RED, BLUE, GREEN, WHITE)),
        (6, (BLUE, RED, WHITE, GREEN)),
        (7, (WHITE, GREEN, BLUE, RED)),
        (8, (GREEN, WHITE, RED, BLUE)),
    ],
)
def test_a_picture_is_turned_upright(file_format: str, orientation: int, shown: tuple[tuple[int, ...], ...]) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    data = saved(corners(), file_format, exif=exif, quality=95)
    picture = accepted(data)
    assert (picture.width, picture.height) == ((32, 64) if orientation > 4 else (64, 32))
    image = fallback(data).convert("RGB")
    assert image.size == (picture.width, picture.height)
    right, bottom = image.width - 4, image.height - 4
    assert all(
        near(image.getpixel(place), colour, 40) for place, colour in zip([(3, 3), (right, 3), (3, bottom), (right, bottom)], shown, strict=True)
    )


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_nothing_is_left_of_what_the_camera_and_the_editor_wrote_into_the_file(file_format: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = "SECRET-description"
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 8.0, 0.0), 29: "SECRET-gps"})
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/">SECRET-xmp</x:xmpmeta>'
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = saved(photo(40, 30), file_format, exif=exif, xmp=xmp, comment=b"SECRET-comment", icc_profile=profile)
    assert data.count(b"SECRET") >= 2
    for body in variants(data).values():
        assert not [word for word in (b"SECRET", b"Exif", b"eXIf", b"http", b"xmpmeta", b"ICC", b"iCCP", b"acsp", b"GPS") if word in body]
        assert not {"exif", "xmp", "icc_profile", "comment", "photoshop", "dpi"} & Image.open(BytesIO(body)).info.keys()


def display_p3() -> bytes:
    """A matrix profile with Display P3's primaries and gamma 2.2 (ICC.1:2022, 8.3)."""

    def fixed(*values: float) -> bytes:
        return b"".join(pack(">i", round(value * 65536)) for value in values)

    def xyz(*values: float) -> bytes:
        return b"XYZ \0\0\0\0" + fixed(*values)

    curve = b"curv\0\0\0\0" + pack(">IH", 1, round(2.2 * 256)) + b"\0\0"
    name = b"desc\0\0\0\0" + pack(">I", 3) + b"P3\0" + bytes(78)
    tags = {b"desc": name + bytes(-len(name) % 4), b"cprt": b"text\0\0\0\0CC0\0", b"wtpt": xyz(0.9642, 1.0, 0.8249)}
    tags |= {b"rXYZ": xyz(0.51512, 0.2412, -0.00105), b"gXYZ": xyz(0.29198, 0.69225, 0.04189), b"bXYZ": xyz(0.1571, 0.06657, 0.78407)}
    tags |= {b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    table, body, start = b"", b"", 128 + 4 + 12 * len(tags)
    for tag, value in tags.items():
        table += tag + pack(">II", start + len(body), len(value))
        body += value
    header = pack(">I4sI4s4s4s", start + len(body), b"\0\0\0\0", 0x02400000, b"mntr", b"RGB ", b"XYZ ") + bytes(12) + b"acsp" + bytes(28)
    header += fixed(0.9642, 1.0, 0.8249)
    return header + bytes(128 - len(header)) + pack(">I", len(tags)) + table + body


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_a_phones_wide_colours_become_srgb(file_format: str) -> None:
    # By P3's and sRGB's matrices (CSS Color 4, 18): 200, 100, 50 at gamma 2.2 are 0.689, 0.108, 0.009 in linear sRGB.
    data = saved(Image.new("RGB", (40, 40), (200, 100, 50)), file_format, icc_profile=display_p3(), quality=95)
    assert near(fallback(data).convert("RGB").getpixel((20, 20)), (216, 93, 24))


def test_wide_colours_become_srgb_under_transparency_too() -> None:
    data = saved(Image.new("RGBA", (40, 40), (200, 100, 50, 77)), "PNG", icc_profile=display_p3())
    assert near(fallback(data).getpixel((20, 20)), (216, 93, 24, 77))


@pytest.mark.parametrize("mode", ["L", "CMYK", "RGB"])
@pytest.mark.parametrize("profile", [b"", b"not a profile", display_p3()[:200], display_p3()])
def test_a_broken_or_unfitting_profile_is_as_good_as_none(mode: str, profile: bytes) -> None:
    data = saved(Image.new("RGB", (40, 40), (90, 90, 90)).convert(mode), "JPEG", icc_profile=profile)
    assert near(fallback(data).convert("RGB").getpixel((20, 20)), (90, 90, 90))


GREY16, GREY_ALPHA16 = b"\x80\x00", b"\x80\x00\x40\x00"
MODES = {
    "1": (saved(Image.new("1", (2, 1), 1), "PNG"), (255, 255, 255)),
    "L": (saved(Image.new("L", (2, 1), 99), "PNG"), (99, 99, 99)),
    "LA": (saved(Image.new("LA", (2, 1), (99, 40)), "PNG"), (99, 99, 99, 40)),
    "P": (saved(Image.new("RGB", (2, 1), (9, 99, 199)).quantize(4), "PNG"), (9, 99, 199)),
    "P, transparent": (saved(Image.new("P", (2, 1), 0), "PNG", transparency=0), (0, 0, 0, 0)),
    "RGB": (saved(Image.new("RGB", (2, 1), (9, 99, 199)), "PNG"), (9, 99, 199)),
    "RGBA": (saved(Image.new("RGBA", (2, 1), (9, 99, 199, 40)), "PNG"), (9, 99, 199, 40)),
    "RGBA, opaque": (saved(Image.new("RGBA", (2, 1), (9, 99, 199, 255)), "PNG"), (9, 99, 199)),
    "16 bit grey": (png(2, 1, 16, 0, b"\0" + GREY16 * 2), (128, 128, 128)),
    "16 bit grey, a colour transparent": (png(2, 1, 16, 0, b"\0" + GREY16 * 2, chunk(b"tRNS", b"\0\0")), (128, 128, 128)),
    "16 bit grey and alpha": (png(2, 1, 16, 4, b"\0" + GREY_ALPHA16 * 2), (128, 128, 128, 64)),
    "16 bit RGB": (png(2, 1, 16, 2, b"\0" + b"\x10\0\x80\0\xf0\0" * 2), (16, 128, 240)),
    "16 bit RGBA": (png(2, 1, 16, 6, b"\0" + b"\x10\0\x80\0\xf0\0\x40\0" * 2), (16, 128, 240, 64)),
    "one grey transparent": (png(2, 1, 8, 0, b"\0\x63\x63", chunk(b"tRNS", b"\0\x63")), (99, 99, 99, 0)),
    "one colour transparent": (png(2, 1, 8, 2, b"\0" + b"\1\2\3" * 2, chunk(b"tRNS", b"\0\1\0\2\0\3")), (1, 2, 3, 0)),
    "CMYK": (saved(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG", quality=95), (255, 0, 0)),
    "grey JPEG": (saved(Image.new("L", (8, 8), 99), "JPEG"), (99, 99, 99)),
    "GIF": (saved(Image.new("RGB", (2, 1), (9, 99, 199)), "GIF"), (9, 99, 199)),
    "transparent WebP": (saved(Image.new("RGBA", (2, 1), (9, 99, 199, 40)), "WEBP", lossless=True), (9, 99, 199, 40)),
    "transparent AVIF": (saved(Image.new("RGBA", (8, 8), (9, 99, 199, 40)), "AVIF", quality=95), (9, 99, 199, 40)),
}


@pytest.mark.parametrize(("data", "colour"), MODES.values(), ids=MODES)
def test_every_kind_of_pixel_comes_out_as_what_it_shows(data: bytes, colour: tuple[int, ...]) -> None:
    picture = accepted(data)
    transparent = len(colour) == 4
    assert picture.formats == ("avif", "png" if transparent else "jpg")
    for body in variants(data).values():
        shown = Image.open(BytesIO(body)).convert("RGBA" if transparent else "RGB").getpixel((0, 0))
        # Where nothing is seen, any colour is the right one.
        assert near(shown, colour, 8) if colour[3:] != (0,) else near(shown[3:], (0,))  # type: ignore[index]


def test_a_drawing_stays_without_loss_and_a_photograph_in_png_does_not() -> None:
    drawing = Image.new("RGB", (900, 600), "white")
    ImageDraw.Draw(drawing).rectangle((100, 100, 300, 500), fill=(200, 10, 10))
    data = saved(drawing, "PNG")
    picture = accepted(data)
    assert (picture.kind, picture.formats) == ("graphic", ("webp", "png"))
    assert {Image.open(BytesIO(body)).convert("RGB").getpixel((200, 200)) for name, body in variants(data).items() if name.startswith("900.")} == {
        (200, 10, 10)
    }
    assert accepted(saved(photo(900, 600), "PNG")).formats == ("avif", "jpg")


@pytest.mark.parametrize("file_format", ["GIF", "PNG", "WEBP", "AVIF"])
def test_an_animation_moves_as_webp_and_stands_still_as_jpeg(file_format: str) -> None:
    data = animation(file_format)
    picture = accepted(data)
    assert (picture.kind, picture.formats, picture.widths) == ("animation", ("webp", "jpg"), (60,))
    moving, still = (Image.open(BytesIO(body)) for body in variants(data).values())
    assert (moving.format, getattr(moving, "n_frames", 1), moving.size, moving.info["loop"]) == ("WEBP", 3, (60, 40), 0)
    moving.seek(2)
    moving.load()
    assert moving.info["duration"] == 70
    assert (still.format, getattr(still, "n_frames", 1)) == ("JPEG", 1)


def test_an_animation_keeps_its_transparency_and_how_often_it_plays() -> None:
    frames = [Image.new("RGBA", (40, 40), (0, 0, 0, 0)) for _ in range(2)]
    for number, frame in enumerate(frames):
        ImageDraw.Draw(frame).ellipse((number * 20, 10, number * 20 + 20, 30), fill=RED)
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=0, disposal=2)
    assert accepted(data).formats == ("webp", "png")
    moving, still = (Image.open(BytesIO(body)) for body in variants(data).values())
    assert moving.info["loop"] == 1
    for image in (moving, still):
        shown = image.convert("RGBA")
        assert near(shown.getpixel((10, 20)), (255, 0, 0, 255), 12)
        assert shown.getchannel("A").getpixel((30, 20)) == 0


def test_the_second_picture_in_a_phones_jpeg_is_no_animation() -> None:
    data = saved(photo(80, 60), "MPO", save_all=True, append_images=[photo(40, 30)])
    picture = accepted(data)
    assert (picture.kind, picture.width, picture.formats) == ("photo", 80, ("avif", "jpg"))


def test_an_animations_absurd_timing_is_mended() -> None:
    first, second = Image.new("RGB", (9, 9)), Image.new("RGB", (9, 9), "red")
    data = saved(first, "PNG", save_all=True, append_images=[second], duration=65_000_000, loop=2**31)
    assert set(variants(data)) == {"9.webp", "9.jpg"}


def test_what_is_no_picture_is_refused_with_its_remedy() -> None:
    assert refused(b"") == "The file is empty. Upload the picture again."
    assert "web page" in refused(b"\xef\xbb\xbf\n <!DOCTYPE html><svg>")
    assert "HEIC" in refused(pack(">I", 24) + b"ftypheic\0\0\0\0mif1heic" + bytes(99))
    assert "TIFF" in refused(saved(Image.new("RGB", (9, 9)), "TIFF"))
    assert "BMP" in refused(saved(Image.new("RGB", (9, 9)), "BMP"))
    assert "ICO" in refused(saved(Image.new("RGB", (9, 9)), "ICO"))
    assert "Photoshop" in refused(b"8BPS\0\1" + bytes(99))
    assert "not a picture" in refused(Random(3).randbytes(5000))
    assert "not a picture" in refused(b" " * 1_000_000)


@pytest.mark.parametrize("start", ["<svg", '<?xml version="1.0"?>\n<!-- made by a tool -->\n<svg', "\n<SVG", "<!DOCTYPE svg PUBLIC><svg"])
def test_an_svg_is_refused_since_it_can_carry_script(start: str) -> None:
    said = refused(f'{start} xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'.encode())
    assert "script" in said
    assert "PNG" in said


def test_bombs_are_refused_from_their_headers() -> None:
    assert "50 megapixels" in refused(png(60_000, 60_000, 8, 2, b""))
    assert "9,000 × 6,000 pixels" in refused(png(9000, 6000, 8, 2, b""))
    assert "12,000 × 8,000 pixels" in refused(png(12_000, 8000, 8, 2, b""))  # where Pillow itself would only warn
    assert "16,384 × 1 pixels" in refused(png(16_384, 1, 8, 2, b""))
    assert "25.0 MB" in refused(saved(photo(9, 9), "JPEG") + bytes(MOST_BYTES))
    assert "megapixels" in refused(gif(65_535, 65_535, 1))


def test_an_animation_of_too_many_frames_or_pixels_is_refused() -> None:
    assert accepted(gif(1, 1, MOST_FRAMES)).kind == "animation"
    assert f"first {MOST_FRAMES + 1} frames" in refused(gif(1, 1, MOST_FRAMES + 1))
    assert "first 6 frames have 54.0 megapixels" in refused(gif(3000, 3000, 1_000_000))


def test_a_jpeg_that_asks_for_a_thousand_passes_is_refused() -> None:
    data = saved(photo(64, 64), "JPEG", progressive=True)
    start = data.rindex(b"\xff\xda")
    assert "layers" in refused(data[:start] + data[start:-2] * 1000 + data[-2:])


def test_pillows_warnings_do_not_escape() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for data in (png(10_000, 9_000, 8, 2, b""), animation("WEBP"), MODES["P, transparent"][0], saved(photo(80, 60), "MPO")[:700]):
            judge_picture("media/x.jpg", data)


@cache
def samples() -> tuple[bytes, ...]:
    """One of each format, small."""
    exif = Image.Exif()
    exif[274] = 6
    image = corners(40, 24)
    return (
        saved(image, "JPEG", exif=exif, icc_profile=display_p3()),
        saved(image, "JPEG", progressive=True),
        saved(image, "PNG", exif=exif),
        saved(image.quantize(8), "PNG", transparency=1),
        saved(image, "GIF"),
        saved(image, "WEBP", exif=exif),
        saved(image, "AVIF", exif=exif),
        *(animation(file_format) for file_format in ("GIF", "PNG", "WEBP", "AVIF")),
    )


def check_verdict(data: bytes) -> Picture | None:
    """Whatever the bytes are: a picture that can be developed, or a problem."""
    picture, problems = judge_picture("media/x.jpg", data)
    assert (picture is None) == bool(problems)
    if picture:
        assert len(list(develop(data, picture))) == len(picture.widths) * len(picture.formats)
    return picture


@pytest.mark.parametrize("index", range(11))
def test_a_picture_that_was_cut_short_gets_a_verdict_at_every_tenth_byte(index: int) -> None:
    data = samples()[index]
    for end in range(0, len(data), 10):
        check_verdict(data[:end])


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_half_a_photograph_is_refused(file_format: str) -> None:
    data = saved(photo(300, 200), file_format)
    for tenth in range(1, 10):
        assert "cut short" in refused(data[: len(data) * tenth // 10])


@given(st.data())
def test_no_damage_makes_the_judge_raise_and_what_it_accepts_is_developed(data: st.DataObject) -> None:
    damaged = bytearray(data.draw(st.sampled_from(samples())))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(damaged)))
        damaged[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    check_verdict(bytes(damaged))


@given(
    st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\0\0\0\0WEBPVP8 ", b"\0\0\0\x20ftypavif", b"<svg", b""]),
    st.binary(max_size=300),
)
def test_any_bytes_after_a_pictures_beginning_get_a_verdict(beginning: bytes, rest: bytes) -> None:
    check_verdict(beginning + rest)


DEVELOP_ELSEWHERE = """
import sys
from hashlib import sha256
from pressrun.core.pictures import develop, judge_picture
data = sys.stdin.buffer.read()
for key, body in develop(data, judge_picture("media/x.jpg", data)[0]):
    print(key, sha256(body).hexdigest())
"""


@pytest.mark.parametrize(
    "data", [saved(photo(900, 500), "JPEG"), saved(corners(900, 500), "PNG"), animation("GIF")], ids=["photo", "graphic", "animation"]
)
def test_another_process_makes_the_same_bytes(data: bytes) -> None:
    here = [f"{key} {sha256(body).hexdigest()}" for key, body in develop(data, accepted(data))]
    elsewhere = subprocess.run([sys.executable, "-c", DEVELOP_ELSEWHERE], input=data, capture_output=True, check=True)
    assert elsewhere.stdout.decode().splitlines() == here


def test_a_picture_goes_through_json() -> None:
    picture = accepted(saved(photo(900, 500), "JPEG"))
    assert Picture.of(json.loads(json.dumps(asdict(picture)))) == picture


def test_pillow_is_not_imported_before_the_first_picture_comes() -> None:
    subprocess.run([sys.executable, "-c", "import sys, pressrun.core.pictures; assert 'PIL' not in sys.modules"], check=True)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is read from /proc, which Linux alone has")
def test_fifty_megapixels_take_bounded_memory() -> None:
    data = saved(Image.new("RGB", (8660, 5773), (90, 120, 60)), "JPEG")
    measure = "print(*(line for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    done = subprocess.run([sys.executable, "-c", DEVELOP_ELSEWHERE + measure], input=data, capture_output=True, check=True)
    assert int(done.stdout.decode().split()[-2]) < 300_000
