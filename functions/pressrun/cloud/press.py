"""The pages of the magazine in force, kept between invocations: reading ``site.toml`` and compiling templates is most of a cold start's work."""

from functools import lru_cache

from pressrun.cloud.theme import load_theme
from pressrun.core.magazine import read_magazine
from pressrun.core.pages import Pages


@lru_cache(maxsize=4)
def pages_for(config: str) -> Pages:
    """``config`` is the text of an accepted ``site.toml``."""
    magazine, problems = read_magazine(config.encode())
    if magazine is None:
        raise ValueError(f"the site.toml in force is not acceptable: {problems}")
    return Pages(magazine, load_theme())
