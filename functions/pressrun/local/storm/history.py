"""What happens to a magazine, as words: ``put a slug=x``, ``rename a b``, ``delete b``. A history is a few of them.

=======================  =======================================================================================================================
``put KEY …``            an upload to ``articles/KEY.md``. ``slug=``, ``section=``, ``tags=ice+ships``, ``by=``, ``links=KEY``, ``redirects=/old/``,
                         ``id=one``, ``draft``; ``at=`` and ``until=`` in minutes after the beginning; ``text=`` the number of an earlier put, to say
                         the same again; ``shows`` for a picture in it; ``wrong`` for one that is refused
``delete KEY``           it is taken down
``rename KEY KEY``       as S3 has it: a put, then a delete
``toml WORD``            another ``site.toml``: the magazine's name is WORD; ``-essays`` drops that section, ``blue`` has other colours, ``logo`` the
                         picture as its logo, ``wrong`` is refused
``picture COLOUR``       another picture at ``media/quay.png``; ``none`` takes it away
``author NAME``          ``authors/jo.md`` says that jo's name is NAME; ``author NAME FILE`` that ``authors/FILE.md`` does, ``none`` takes it away
``wait SECONDS``         no sweep comes
``sweep``
``deploy EDITION``       other code and templates
``lose``                 every message that is under way is lost for good
``ruin``                 the catalogue is lost, and made again once the functions have met with that
``swap``                 what was sent last is delivered first
=======================  =======================================================================================================================

A change that begins with ``+`` comes before anything was done about the one before it.
"""

from datetime import timedelta
from functools import cache
from io import BytesIO
from random import Random

from pressrun.local.storm.reader import Reader
from pressrun.local.storm.stage import SITE_TOML, START, Stage, article

KEYS = ("a", "b", "c")
_PICTURE = "media/quay.png"
_DAYS_AGO = {"a": 3, "b": 2, "c": 30}

# Those that are tried with every fault at every call.
HISTORIES = {
    "publish": ("put a",),
    "change": ("put a tags=ice+ships", "put a tags=ships"),
    "change back": ("put a", "put a", "+ put a text=1"),
    "re-slug": ("put a slug=x", "put a slug=y"),
    "rename": ("put a slug=x", "rename a b"),
    "takedown": ("put a", "delete a"),
    "publish and take down": ("put a", "+ delete a"),
    "embargo": ("put a at=10", "wait 540", "sweep", "wait 60"),
    "expiry": ("put a until=10", "wait 540", "sweep", "wait 60"),
    "correction": ("put a", "put b links=a", "put a"),
    "refused": ("put a", "put a wrong"),
    "one article, two files": ("put a id=one", "put b", "put b id=one", "delete b"),
    "two for one URL": ("put a slug=x", "put b slug=x", "delete a"),
    "a redirect that gives way": ("put a redirects=/news/x/", "put b slug=x draft", "delete a"),
    "site.toml": ("put a", "toml Other"),
    "site.toml after a takedown": ("put a", "delete a", "toml Other"),
    "put again": ("put a", "delete a", "put a"),
    "put again, the events swapped": ("put a", "delete a", "+ put a", "+ swap"),
    "deploy": ("put a", "deploy two"),
    "deploy, and another site.toml": ("put a", "deploy two", "+ toml Other"),
    "a takedown, and a deploy": ("put a redirects=/old/place/", "delete a", "deploy two"),
    "deploy, and a sweep at once": ("put a", "deploy two", "+ sweep"),
    "other colours": ("put a", "toml blue"),
    "author": ("put a by=jo", "author Jo"),
    "two authors of one address": ("author Jo", "author Jo JO", "+ author none jo"),
    "a picture that comes late": ("put a shows", "picture red"),
    "another picture": ("picture red", "put a shows", "picture blue"),
    "another picture, which others show": ("picture red", "put a shows", "put b", "picture blue"),
    "another logo": ("put a", "picture red", "toml logo", "picture blue", "picture green"),
    "a picture and its takedown": ("picture red", "put a shows", "delete a"),
    "a lost catalogue": ("put a", "put a wrong", "put b", "+ ruin"),
    "an embargo moved earlier": ("put a at=3", "wait 61", "sweep", "put a at=2", "wait 60"),
    "an embargo moved later": ("put a at=5", "wait 240", "sweep", "wait 60", "put a at=20"),
}


# How each change begins, and what follows.
CHANGES = {
    "put": r"\w+( (?:text|at|until)=-?\d+| (?!(?:text|at|until)\b)\S+)*",
    "delete": r"\w+",
    "rename": r"\w+ \w+",
    "toml": r"\S+",
    "picture": r"\S+",
    "author": r"\S+( \S+)*",
    "wait": r"\d+",
    "sweep": "",
    "deploy": r"\S+",
    "lose": "",
    "ruin": "",
    "swap": "",
}


class Editor:
    """Makes changes happen on a stage, and tells the reader what must not be seen yet."""

    def __init__(self, stage: Stage, reader: Reader) -> None:
        self.stage, self.reader = stage, reader
        self.puts = 0

    def happen(self, change: str, *, rough: bool = False) -> None:
        """In ``rough`` weather, a sweep only begins, and goes on among the others. Raises ValueError for what is not a change."""
        stage = self.stage
        match change.removeprefix("+").split():
            case ["put", key, *options]:
                self._put(key, dict(option.partition("=")[::2] for option in options))
            case ["delete", key]:
                stage.delete(f"articles/{key}.md")
            case ["rename", key, to]:
                if key != to and (file := stage.content().get(f"articles/{key}.md")):
                    stage.put(f"articles/{to}.md", file)
                    stage.delete(f"articles/{key}.md")
            case ["toml", "wrong"]:
                stage.put("site.toml", "title =")
            case ["toml", "-essays"]:
                stage.put("site.toml", SITE_TOML[: SITE_TOML.rindex("[[sections]]")])
            case ["toml", "blue"]:
                stage.put("site.toml", SITE_TOML + '[theme]\naccent = "#003399"\n')
            case ["toml", "logo"]:
                stage.put("site.toml", f'logo = "{_PICTURE}"\n{SITE_TOML}')
            case ["toml", name]:
                stage.put("site.toml", SITE_TOML.replace("The Stage", name))
            case ["picture", "none"]:
                stage.delete(_PICTURE)
            case ["picture", colour]:
                stage.put(_PICTURE, _picture(colour))
            case ["author", "none", file]:
                stage.delete(f"authors/{file}.md")
            case ["author", name, *file]:
                stage.put(f"authors/{''.join(file) or 'jo'}.md", f"---\nname: {name}\n---\n")
            case ["wait", seconds]:
                stage.wait(int(seconds))
            case ["sweep"] if rough:
                stage.begin_sweep()
            case ["sweep"]:
                stage.sweep()
            case ["deploy", edition]:
                stage.deploy(edition)
            case ["lose"]:
                stage.lose_messages()
                self.reader.purges_are_lost()
            case ["ruin"]:
                stage.ruin()
            case ["swap"]:
                stage.reverse_messages()
            case _:
                raise ValueError(f"nothing is called {change!r}")

    def _put(self, key: str, options: dict[str, str]) -> None:
        self.puts += 1
        number = int(options.get("text", self.puts))
        self.reader.wrote(key, number)
        embargoed = int(options.get("at", 0)) > 0
        word = f"canary{number}{key}" if embargoed else key
        if embargoed:
            self.reader.keep_secret(word, (START + timedelta(minutes=int(options["at"]))).timestamp())
        fields: dict[str, object] = {
            "slug": options.get("slug", word),
            "section": "nowhere" if "wrong" in options else options.get("section", "news"),
            "tags": "[" + options.get("tags", f"ice+{word}" if embargoed else "ice").replace("+", ", ") + "]",
            "date": START - timedelta(days=_DAYS_AGO.get(key, 1)),
            "summary": word,
        }
        if "at" in options:
            fields["date"] = START + timedelta(minutes=int(options["at"]))
        if "until" in options:
            fields["expires"] = START + timedelta(minutes=int(options["until"]))
        if "draft" in options:
            fields["draft"] = "true"
        if "by" in options:
            fields["authors"] = f"[{options['by']}]"
        if "id" in options:
            fields["id"] = options["id"]
        if "redirects" in options:
            fields["redirects"] = f"[{options['redirects']}]"
        link = f" See [[{options['links']}]]." if "links" in options else ""
        link += "\n\n![The quay](quay.png)" if "shows" in options else ""
        self.stage.put(f"articles/{key}.md", article(f"On {word}", f"Version {number} of {key}. {word}.{link}", **fields))


@cache
def _picture(colour: str) -> bytes:
    from PIL import Image

    file = BytesIO()
    Image.new("RGB", (24, 16), colour).save(file, "PNG")
    return file.getvalue()


def any_history(random: Random) -> tuple[str, ...]:
    """One to six changes to three files that want the same few URLs."""
    return tuple(("+ " if random.random() < 0.3 else "") + _any_change(random) for _ in range(random.randint(1, 6)))


def _any_change(random: Random) -> str:
    key, other = random.choice(KEYS), random.choice(KEYS)
    common = [
        f"delete {key}",
        f"rename {key} {other}",
        f"wait {random.choice([1, 59, 300, 900])}",
        "sweep",
        "swap",
    ]
    rare = [
        "lose",
        f"toml {random.choice(['Other', '-essays', 'wrong', 'Stage', 'blue', 'logo'])}",
        f"deploy {random.choice(['two', 'three'])}",
        "author Jo",
    ]
    rare += [f"picture {random.choice(['red', 'blue', 'none'])}"]
    chance = random.random()
    if chance < 0.6:
        return f"put {key}" + "".join(f" {option}" for option in _any_options(random))
    return random.choice(common if chance < 0.92 else rare)


def _any_options(random: Random) -> list[str]:
    pool = {
        0.5: [f"slug={random.choice('xy')}"],
        0.3: [f"section={random.choice(['essays', 'news/arctic'])}"],
        0.4: [f"tags={random.choice(['ships', 'ice+ships', ''])}"],
        0.25: [f"at={random.choice([5, 10, -60])}"],
        0.1: [f"until={random.choice([4, 12])}"],
        0.05: ["draft"],
        0.08: ["wrong"],
        0.15: [f"links={random.choice(KEYS)}"],
        0.09: ["id=one"],
        0.11: [f"redirects={random.choice(['/old/place/', '/news/x/', '/news/y/'])}"],
        0.2: ["by=jo"],
        0.12: ["text=1"],
        0.07: ["shows"],
    }
    return [option for chance, options in pool.items() for option in options if random.random() < chance]
