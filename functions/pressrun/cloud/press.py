"""The pages of the magazine in force, kept between invocations: reading ``site.toml`` and compiling templates is most of a cold start's work."""

from functools import lru_cache

from pressrun.cloud.catalogue import Basis
from pressrun.cloud.theme import load_theme
from pressrun.core.magazine import read_magazine
from pressrun.core.media import Medium
from pressrun.core.pages import Pages


def pages_for(basis: Basis) -> Pages:
    """``basis`` has an accepted ``site.toml``."""
    return _pages(basis.config, basis.logo)


@lru_cache(maxsize=4)
def _pages(config: str, logo: str) -> Pages:
    magazine, problems = read_magazine(config.encode())
    if magazine is None:
        raise ValueError(f"the site.toml in force is not acceptable: {problems}")
    return Pages(magazine, load_theme(), Medium.from_json(logo) if logo else None)
