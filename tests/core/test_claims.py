"""Who has which URL, over any history: the laws, and the cases that an editor meets."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pressrun.core.article import Article, read_article
from pressrun.core.build import build
from pressrun.core.claims import Answer, Claim, Decision, Register, answer_of, changes_at, decide, phase_of, standing_problems
from pressrun.core.dates import stamp
from pressrun.core.site import SiteObject, key_of

from .magazines import MERIDIAN, NOON, SITE_TOML, THEME, file

HOUR = timedelta(hours=1)


@dataclass
class Desk:
    """A newsroom in memory: content, register, and what each file came to when it was looked at last.

    A change asks for a look at its key, as an upload's event does; so does an instant that falls due, and whatever a decision wakes.
    """

    now: datetime = NOON
    content: dict[str, bytes] = field(default_factory=dict)
    sources: dict[str, bytes] = field(default_factory=dict)
    claims: dict[str, Claim] = field(default_factory=dict)
    live_at: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    due: dict[str, datetime] = field(default_factory=dict)

    def put(self, key: str, data: bytes) -> None:
        self.content[key] = data
        self.asked.append(key)

    def delete(self, key: str) -> None:
        self.content.pop(key, None)
        self.asked.append(key)

    def wait(self, time: timedelta) -> None:
        self.now += time
        self.asked += [key for key, due in self.due.items() if due <= self.now]

    def look(self, key: str, on_the_way: frozenset[str] = frozenset()) -> Decision:
        if key not in self.content:
            # Those that wait take the URL over before this article lets go of it.
            for other in sorted({waiting for claim in self.owned(key) for waiting in claim.waiting} - {key} - on_the_way):
                self.look(other, on_the_way | {key})
        decision = self.decide(key)
        self.claims |= decision.changed
        article = decision.article
        self.live_at.pop(key, None)
        self.due.pop(key, None)
        if article and phase_of(article, self.now) == "live":
            self.live_at[key] = article.url
        if due := changes_at(article, self.now):
            self.due[key] = due
        if key not in self.content:
            self.sources.pop(key, None)
        elif article == self.read(self.content[key], key):
            self.sources[key] = self.content[key]
        self.asked += decision.wake
        return decision

    def decide(self, key: str) -> Decision:
        current, fallback = self.read(self.content.get(key), key), None
        if key in self.content:
            fallback = self.read(self.sources.get(key), key)
        gone = {claim.owner for claim in self.claims.values() if claim.owner and claim.owner not in self.content}
        return decide(key, current, fallback, self.claims, gone, self.now, MERIDIAN.host)

    def read(self, data: bytes | None, key: str) -> Article | None:
        return read_article(key, data, MERIDIAN)[0] if data else None

    def owned(self, key: str) -> list[Claim]:
        return [claim for claim in self.claims.values() if claim.owner == key]

    def settle(self) -> None:
        for _ in range(200):
            if not self.asked:
                return
            self.look(self.asked.pop(0))
        raise AssertionError("it never comes to rest")

    def answer(self, url: str) -> Answer:
        claim = self.claims.get(url, Claim(url))
        return answer_of(claim, lived=claim.lived(self.now), live_at=self.live_at.get(claim.owner or "", ""))

    def answers(self) -> dict[str, Answer]:
        return {url: answer for url in self.claims if (answer := self.answer(url)).kind != "nothing"}

    def feed_id(self, key: str) -> str:
        return self.claims[self.live_at[key]].feed_id

    def built_answers(self) -> dict[str, Answer]:
        """What ``build`` makes of the content and the register."""
        site = build({"site.toml": SITE_TOML.encode(), **self.content}, Register(self.claims, self.sources), self.now, THEME).site
        return {url: _answer_in(site[key_of(url)]) for url in self.claims if key_of(url) in site}


def _answer_in(made: SiteObject) -> Answer:
    metadata = dict(made.metadata)
    match metadata.get("status"):
        case "301":
            return Answer("redirect", metadata["location"])
        case "410":
            return Answer("gone")
    return Answer("page")


keys = st.sampled_from(["articles/a.md", "articles/b.md", "articles/c.md"])
slugs = st.sampled_from(["one", "two", "three"])
hours = st.sampled_from([-2, 1, 2])


class AnyHistory(RuleBasedStateMachine):
    """Uploads, updates, refusals, moves and takedowns, with looks in any order and time passing between them."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk()
        self.ever_live: set[str] = set()
        self.feed_ids: dict[str, str] = {}

    @rule(
        key=keys,
        slug=slugs,
        publish_at=st.none() | hours,
        expires=st.none() | st.just(3),
        draft=st.sampled_from([False, False, True]),
        redirects=st.lists(slugs, max_size=2),
        id=st.sampled_from(["", "", "one"]),
    )
    def put(self, key: str, slug: str, publish_at: int | None, expires: int | None, draft: bool, redirects: list[str], id: str) -> None:
        fields: dict[str, object] = {"title": "One", "slug": slug, "draft": draft, "redirects": [f"/news/{old}/" for old in redirects]}
        if id:
            fields["id"] = id
        if publish_at is not None:
            fields["publish_at"] = stamp(self.desk.now + publish_at * HOUR)
        if expires is not None:
            fields["expires"] = stamp(self.desk.now + expires * HOUR)
        self.desk.put(key, file(**fields))

    @rule(key=keys)
    def spoil(self, key: str) -> None:
        self.desk.put(key, b"no front matter")

    @rule(key=keys)
    def delete(self, key: str) -> None:
        self.desk.delete(key)
        self.feed_ids.pop(key, None)

    @rule(key=keys, to=keys)
    def move(self, key: str, to: str) -> None:
        if key in self.desk.content and to not in self.desk.content:
            self.desk.put(to, self.desk.content[key])
            self.delete(key)

    @rule(time=st.sampled_from([timedelta(0), timedelta(minutes=30), HOUR, 3 * HOUR]))
    def wait(self, time: timedelta) -> None:
        self.desk.wait(time)

    @precondition(lambda self: self.desk.asked)
    @rule(data=st.data())
    def look(self, data: st.DataObject) -> None:
        self.desk.look(self.desk.asked.pop(data.draw(st.integers(0, len(self.desk.asked) - 1))))

    @precondition(lambda self: self.desk.asked)
    @rule()
    def settle(self) -> None:
        self.desk.settle()

    @invariant()
    def what_was_ever_live_answers_for_ever(self) -> None:
        self.ever_live.update(url for key, url in self.desk.live_at.items() if self.desk.claims[url].owner == key)
        assert all(self.desk.answer(url).kind != "nothing" for url in self.ever_live)

    @invariant()
    def a_feed_id_stays_as_long_as_its_file(self) -> None:
        for key, url in self.desk.live_at.items():
            claim = self.desk.claims[url]
            if key in self.desk.content and claim.owner == key and claim.leads_to is None:
                assert self.feed_ids.setdefault(key, claim.feed_id) == claim.feed_id != ""

    @invariant()
    @precondition(lambda self: not self.desk.asked)
    def every_law_holds_at_rest(self) -> None:
        desk = self.desk
        live = list(desk.live_at.values())
        assert len(live) == len(set(live))
        assert all((desk.claims[url].owner, desk.answer(url).kind) == (key, "page") for key, url in desk.live_at.items())
        assert len({desk.feed_id(key) for key in desk.live_at}) == len(live)
        assert all(desk.answer(answer.to).kind == "page" for answer in desk.answers().values() if answer.kind == "redirect")
        assert all(not desk.decide(key).changed for key in {*desk.content, *(claim.owner for claim in desk.claims.values() if claim.owner)})
        assert desk.built_answers() == desk.answers()


TestAnyHistory = AnyHistory.TestCase
TestAnyHistory.settings = settings(max_examples=60, stateful_step_count=25)


# The cases that an editor meets

A, B, C = "articles/a.md", "articles/b.md", "articles/c.md"
ONE, TWO = "/news/one/", "/news/two/"
PAGE, GONE, NOTHING = Answer("page"), Answer("gone"), Answer("nothing")


def named(slug: str, **fields: object) -> bytes:
    return file(title="One", slug=slug, **fields)


def published(**files: bytes) -> Desk:
    """A desk at rest, an hour after these files were uploaded one by one; ``a`` is ``articles/a.md``."""
    desk = Desk()
    for name, data in files.items():
        desk.put(f"articles/{name}.md", data)
        desk.settle()
    desk.wait(HOUR)
    desk.settle()
    return desk


def test_a_slug_that_was_changed_redirects_to_the_new_one_and_never_in_a_chain() -> None:
    desk = published(a=named("one"))
    feed_id = desk.feed_id(A)
    for slug in ("two", "three"):
        desk.put(A, named(slug))
        desk.settle()
    assert desk.answers() == {ONE: Answer("redirect", "/news/three/"), TWO: Answer("redirect", "/news/three/"), "/news/three/": PAGE}
    assert desk.feed_id(A) == feed_id == "tag:meridian.example,2026-11-22:/news/one/"


def test_a_slug_that_was_changed_back_is_a_page_again() -> None:
    desk = published(a=named("one"))
    for slug in ("two", "one"):
        desk.put(A, named(slug))
        desk.settle()
    assert desk.answers() == {ONE: PAGE, TWO: Answer("redirect", ONE)}


def test_a_takedown_is_a_410_and_another_upload_brings_the_article_back() -> None:
    desk = published(a=named("one"))
    first, feed_id = desk.claims[ONE].first, desk.feed_id(A)
    desk.delete(A)
    desk.settle()
    assert desk.answers() == {ONE: GONE}
    desk.wait(HOUR)
    desk.put(A, named("one"))
    desk.settle()
    assert desk.answers() == {ONE: PAGE}
    assert (desk.claims[ONE].first, desk.feed_id(A)) == (first, feed_id)
    assert desk.claims[ONE].live == ((NOON, NOON + HOUR), (NOON + 2 * HOUR, None))


def test_moving_a_file_keeps_its_url_first_instant_and_feed_id_in_both_orders_of_events() -> None:
    for order in ([A, B], [B, A]):
        desk = published(a=named("one"))
        first, feed_id = desk.claims[ONE].first, desk.feed_id(A)
        desk.put(B, desk.content[A])
        desk.delete(A)
        desk.asked[:] = order
        desk.settle()
        assert desk.live_at == {B: ONE}
        assert (desk.claims[ONE].first, desk.feed_id(B)) == (first, feed_id)


def test_moving_a_file_takes_what_led_to_it_along() -> None:
    desk = published(a=named("one"))
    desk.put(A, named("two", redirects=["/old/"]))
    desk.settle()
    desk.put(B, named("two"))
    desk.settle()
    desk.delete(A)
    desk.settle()
    assert desk.answers()[ONE] == Answer("redirect", TWO)
    assert {claim.owner for claim in desk.claims.values() if claim.live} == {B}


def test_a_moved_file_with_another_url_is_a_new_article_unless_it_names_the_old_one() -> None:
    forgotten, named_in_it = published(a=named("one")), published(a=named("one"))
    feed_id = forgotten.feed_id(A)
    for desk, data in ((forgotten, named("two")), (named_in_it, named("two", redirects=[ONE]))):
        desk.put(B, data)
        desk.delete(A)
        desk.settle()
    assert forgotten.answers() == {ONE: GONE, TWO: PAGE}
    assert forgotten.feed_id(B) != feed_id
    assert named_in_it.answers() == {ONE: Answer("redirect", TWO), TWO: PAGE}
    assert named_in_it.feed_id(B) == feed_id


def test_two_files_with_one_id_wait_for_each_others_url_whichever_came_first() -> None:
    desk = published(a=named("one", id="ice"), b=named("two", id="ice"))
    assert (desk.claims[ONE].waiting, desk.claims[TWO].waiting) == ((B,), (A,))
    desk.delete(A)
    desk.settle()
    assert desk.answers() == {ONE: Answer("redirect", TWO), TWO: PAGE}


def test_a_file_with_an_id_waits_no_longer_for_the_url_of_one_that_gave_the_id_up() -> None:
    desk = published(b=named("two", id="one"), a=named("one", id="one"))
    assert desk.claims[TWO].waiting == (A,)
    desk.put(B, named("two"))
    desk.settle()
    assert desk.claims[TWO].waiting == ()


def test_a_drafts_url_that_was_never_live_does_not_lead_to_the_file_that_takes_its_id_over() -> None:
    desk = published(a=named("one", id="one", draft=True))
    desk.put(B, named("two", id="one"))
    desk.delete(A)
    desk.settle()
    assert (desk.answer(ONE), desk.answer(TWO)) == (NOTHING, PAGE)
    assert desk.claims[ONE].owner is None
    assert not desk.decide(B).changed


def test_the_first_of_two_files_keeps_a_url_and_the_second_gets_it_when_the_first_goes() -> None:
    desk = published(a=named("one"), b=named("one"))
    assert desk.live_at == {A: ONE}
    (problem,) = standing_problems(desk.decide(B), desk.read(desk.content[B], B))
    assert (problem.severity, problem.problem) == ("error", f"The address {ONE} belongs to {A}.")
    assert problem.remedy.startswith("Without a slug, it comes from the title. Add a line to this one's front matter, such as slug: one-2.")
    desk.put(A, named("two"))
    desk.settle()
    assert desk.live_at == {A: TWO, B: ONE}
    assert desk.feed_id(A) != desk.feed_id(B)


@pytest.mark.parametrize("slug", ["one", "one-2", "n" * 100, "n" * 98 + "-2"])
def test_the_slug_that_is_offered_to_the_second_of_two_files_is_another_one_and_can_be_used(slug: str) -> None:
    desk = published(a=named(slug), b=named(slug))
    (problem,) = standing_problems(desk.decide(B), desk.read(desk.content[B], B))
    offered = problem.remedy.partition("such as slug: ")[2].partition(".")[0]
    desk.put(B, named(offered))
    desk.settle()
    assert desk.live_at == {A: f"/news/{slug}/", B: f"/news/{offered}/"}


def test_who_waits_for_a_url_is_told_whose_it_is_when_that_changes() -> None:
    desk = published(a=named("one"), b=named("one"))
    desk.put(C, desk.content[A])
    desk.delete(A)
    assert B in desk.look(C).wake
    [problem] = standing_problems(desk.decide(B), desk.read(desk.content[B], B))
    assert problem.problem == f"The address {ONE} belongs to {C}."


def test_an_update_that_asks_for_another_articles_url_leaves_the_live_version_where_it_is() -> None:
    desk = published(a=named("one"), b=named("two"))
    desk.put(B, named("one"))
    desk.settle()
    assert desk.live_at == {A: ONE, B: TWO}


def test_a_page_beats_a_redirect_which_comes_back_when_the_page_moves_on() -> None:
    desk = published(a=named("two", redirects=[ONE]))
    desk.put(B, named("one"))
    desk.settle()
    assert desk.answers() == {ONE: PAGE, TWO: PAGE}
    (problem,) = standing_problems(desk.decide(A), desk.read(desk.content[A], A))
    assert (problem.severity, problem.problem) == ("note", f"{ONE} does not lead to this article: it belongs to {B}.")
    desk.delete(B)
    desk.settle()
    assert desk.answers() == {ONE: Answer("redirect", TWO), TWO: PAGE}


def test_a_redirect_that_is_given_up_passes_to_the_article_that_waits_for_it() -> None:
    desk = published(a=named("one", redirects=["/old/"]), b=named("two", redirects=["/old/"]))
    assert desk.answer("/old/") == Answer("redirect", ONE)
    desk.put(A, named("one"))
    desk.settle()
    assert desk.answer("/old/") == Answer("redirect", TWO)


def test_a_redirect_that_nobody_wants_any_more_is_nothing() -> None:
    desk = published(a=named("one", redirects=["/old/"]))
    desk.put(A, named("one"))
    desk.settle()
    assert desk.answers() == {ONE: PAGE}


def test_a_slug_that_was_changed_before_its_embargos_instant_leaves_nothing() -> None:
    desk = Desk()
    desk.put(A, named("secret", publish_at=stamp(NOON + HOUR)))
    desk.settle()
    assert desk.answers() == {}
    desk.put(A, named("one", publish_at=stamp(NOON + HOUR)))
    desk.settle()
    desk.wait(2 * HOUR)
    desk.settle()
    assert desk.answers() == {ONE: PAGE}
    assert desk.claims["/news/secret/"] == Claim("/news/secret/", revision=2)


def test_an_article_that_was_deleted_before_its_embargos_instant_leaves_nothing_to_inherit() -> None:
    desk = Desk()
    desk.put(A, named("one", publish_at=stamp(NOON + HOUR), date="2020-01-01"))
    desk.settle()
    desk.delete(A)
    desk.settle()
    desk.wait(2 * HOUR)
    assert desk.answers() == {}
    desk.put(B, named("one"))
    desk.settle()
    assert desk.claims[ONE].first == NOON + 2 * HOUR
    assert desk.feed_id(B) == "tag:meridian.example,2026-11-22:/news/one/"


def test_an_embargoed_article_at_the_former_url_of_another_has_a_feed_id_of_its_own_also_after_one_that_never_came() -> None:
    desk = published(a=named("one"))
    desk.put(A, named("two"))
    desk.settle()
    for key in (B, C):
        desk.delete(B)
        desk.put(key, named("one", publish_at=stamp(desk.now + HOUR)))
        desk.settle()
        assert not desk.decide(key).changed
    desk.wait(HOUR)
    desk.settle()
    assert desk.answers() == {ONE: PAGE, TWO: PAGE}
    assert desk.feed_id(C) != desk.feed_id(A)


def test_an_embargo_that_is_moved_later_takes_a_live_article_down_until_then() -> None:
    desk = published(a=named("one"))
    feed_id = desk.feed_id(A)
    desk.put(A, named("one", publish_at=stamp(desk.now + HOUR)))
    desk.settle()
    assert desk.answers() == {ONE: GONE}
    desk.wait(HOUR)
    desk.settle()
    assert desk.answers() == {ONE: PAGE}
    assert desk.feed_id(A) == feed_id


def test_an_article_becomes_a_draft_and_comes_back_under_another_slug() -> None:
    desk = published(a=named("one"))
    feed_id = desk.feed_id(A)
    for data in (named("two", draft=True), named("two", draft=True), named("two")):
        desk.put(A, data)
        desk.settle()
    assert desk.answers() == {ONE: Answer("redirect", TWO), TWO: PAGE}
    assert desk.feed_id(A) == feed_id


def test_an_article_expires_by_itself() -> None:
    desk = published(a=named("one", expires=stamp(NOON + 2 * HOUR)))
    assert desk.answers() == {ONE: PAGE}
    desk.wait(HOUR)
    desk.settle()
    assert desk.answers() == {ONE: GONE}


def test_a_refused_update_keeps_the_live_version() -> None:
    desk = published(a=named("one"))
    desk.put(A, b"no front matter")
    desk.settle()
    assert desk.answers() == {ONE: PAGE}
    desk.wait(HOUR)
    desk.put(A, named("two"))
    desk.settle()
    assert desk.answers() == {ONE: Answer("redirect", TWO), TWO: PAGE}


def test_a_claim_is_kept_as_json_to_the_last_field() -> None:
    whole = Claim(ONE, A, (B, C), ((NOON, NOON + HOUR), (NOON + 2 * HOUR, None)), NOON, "tag:x", TWO, 7)
    assert Claim.from_json(whole.to_json()) == whole
    assert Claim.from_json(Claim(ONE).to_json()) == Claim(ONE)
