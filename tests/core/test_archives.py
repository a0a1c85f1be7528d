"""Articles that were made for another tool are read as they were meant, and what cannot be kept is said."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from pressrun.core.article import Article, Correction, Label, is_article, read_article
from pressrun.core.embedded import take_out
from pressrun.core.html import read_page
from pressrun.core.links import media_keys, name_of
from pressrun.core.markdown import complete
from pressrun.core.problem import Problem
from pressrun.core.shortcodes import translate

from .magazines import MERIDIAN

KEY = "articles/plain.md"


def read(text: str, key: str = KEY) -> tuple[Article, tuple[Problem, ...]]:
    found, problems = read_article(key, text.encode(), MERIDIAN)
    assert found, problems
    return found, problems


def head(*lines: str, title: str = "title: One") -> str:
    return "\n".join(["---", title, *lines, "---", ""])


def at(day: int) -> datetime:
    return datetime(2026, 11, day, 5, tzinfo=UTC)


NAMES: dict[str, dict[str, Any]] = {
    "pubDate: 2026-11-22": {"date": at(22), "publish_at": None},
    "pub_date: 2026-11-22": {"date": at(22), "publish_at": None},
    "pubdate: 2026-11-22": {"publish_at": at(22)},
    "publishDate: 2026-11-22": {"publish_at": at(22)},
    "publishdate: 2026-11-22": {"publish_at": at(22)},
    "Publish-Date: 2026-11-22": {"publish_at": at(22)},
    "published: 2026-11-22": {"publish_at": at(22), "draft": False},
    "published: false": {"draft": True, "publish_at": None},
    "published: true": {"draft": False, "publish_at": None},
    "status: draft": {"draft": True},
    "status: private": {"draft": True},
    "status: [Draft]": {"draft": True},
    "status: unpublished;": {"draft": True},
    "status: publish": {"draft": False},
    "published_at: 2026-11-22": {"date": at(22)},
    "post_date: 2026-11-22": {"date": at(22)},
    "date: 2026-11-22 9:05:00 -0500": {"date": datetime(2026, 11, 22, 14, 5, tzinfo=UTC)},
    "date: 2026/11/22 9:05": {"date": datetime(2026, 11, 22, 14, 5, tzinfo=UTC)},
    "date: 2026-11-22 9.05": {"date": datetime(2026, 11, 22, 14, 5, tzinfo=UTC)},
    "date: 22 November 2026, 9.05 p.m.": {"date": datetime(2026, 11, 23, 2, 5, tzinfo=UTC)},
    "date: 2026-11-22 09:05:00 UTC": {"date": datetime(2026, 11, 22, 9, 5, tzinfo=UTC)},
    "lastmod: 2026-11-22": {"updated": at(22)},
    "last_modified_at: 2026-11-22": {"updated": at(22)},
    "updatedDate: 2026-11-22": {"updated": at(22)},
    "expiryDate: 2026-11-22": {"expires": at(22)},
    "expirydate: 2026-11-22": {"expires": at(22)},
    "unpublishdate: 2026-11-22": {"expires": at(22)},
    "post_name: other": {"url": "/news/other/"},
    "permalink: /old/place/": {"url": "/old/place/", "redirects": ()},
    "permalink: https://meridian.example/old/place/": {"url": "/old/place/"},
    "path: old/place": {"url": "/old/place/"},
    "redirect_from: /a/": {"redirects": ("/a/",)},
    "redirect_from: [/a/, /b]": {"redirects": ("/a/", "/b/")},
    "aliases: [/a/b.html]": {"redirects": ("/a/b.html",)},
    "category: Sea Power": {"section": "sea"},
    "categories: [Sea Power, news]": {"section": "sea"},
    "categories: sea, news": {"section": "sea"},
    "categories: sea news": {"section": "sea"},
    "keywords: sea ice, ships": {"tags": (Label("sea ice", "sea-ice"), Label("ships", "ships"))},
    "tags: sea ships": {"tags": (Label("sea", "sea"), Label("ships", "ships"))},
    "tags: [sea ice]": {"tags": (Label("sea ice", "sea-ice"),)},
    "tags: [[sea ice, ships]]": {"tags": (Label("sea ice", "sea-ice"), Label("ships", "ships"))},
    "categories: [[sea, news]]": {"section": "sea"},
    "author: Jo Ash": {"authors": (Label("Jo Ash", "jo-ash"),)},
    "authors: [joash]": {"authors": (Label("joash", "joash"),)},
    "authors: [{name: Jo Ash, url: /x}, {name: Bo}]": {"authors": (Label("Jo Ash", "jo-ash"), Label("Bo", "bo"))},
    "author: {name: Jo Ash}": {"authors": (Label("Jo Ash", "jo-ash"),)},
    "byline: Jo Ash and Bo": {"authors": (Label("Jo Ash", "jo-ash"), Label("Bo", "bo"))},
    "source: AP": {"agency": "AP"},
    "credit_line: AP": {"agency": "AP"},
    "description: d": {"summary": "d"},
    "custom_excerpt: d": {"summary": "d"},
    "deck: d": {"summary": "d"},
    "summary: [d]": {"summary": "d"},
    "summary: What&#8217;s AT&amp;T": {"summary": "What’s AT&T"},
    "heroImage: a.jpg": {"image": "a.jpg", "pictures": ("a.jpg",)},
    "thumbnail: a.jpg": {"image": "a.jpg"},
    "cover: {image: a.jpg, alt: b, caption: c}": {"image": "a.jpg", "image_alt": "b", "image_caption": "c"},
    "image: {src: a.jpg, Alt: b, credit: d}": {"image": "a.jpg", "image_alt": "b", "image_credit": "d"},
    "cover.image: a.jpg": {"image": "a.jpg"},
    "image: [a.jpg]": {"image": "a.jpg"},
    "image: [[a.jpg]]": {"image": "a.jpg"},
    "featured_image: a.jpg": {"image": "a.jpg"},
    "feature_image_alt: b": {"image_alt": "b"},
    "sticky: true": {"featured": True},
    "pinned: yes": {"featured": True},
    "lang: en_GB": {"lang": "en-GB"},
    "id: 017": {"id": "017"},
    "video: https://youtu.be/abcdefghijk?t=3": {"video": "https://www.youtube.com/watch?v=abcdefghijk"},
    "video: https://player.vimeo.com/video/123": {"video": "https://vimeo.com/123"},
    "video: /media/launch.mp4": {"video": "media/launch.mp4"},
    "correction: The ship has four masts.": {"corrections": (Correction("The ship has four masts."),)},
    "corrections: [one, {date: 2026-11-22, text: two}]": {"corrections": (Correction("one"), Correction("two", at(22)))},
    "corrections: [2026-11-22: two]": {"corrections": (Correction("two", at(22)),)},
    "corrections: [22 November 2026: two]": {"corrections": (Correction("two", at(22)),)},
    "correction: '2026-11-22: R&amp;D'": {"corrections": (Correction("R&D", at(22)),)},
    "tags: [R&amp;D]": {"tags": (Label("R&D", "r-d"),)},
}


@pytest.mark.parametrize(("line", "expected"), NAMES.items(), ids=NAMES)
def test_another_tools_name_means_what_it_meant_there(line: str, expected: dict[str, Any]) -> None:
    found, problems = read(head(line))
    assert problems == ()
    assert {name: getattr(found, name) for name in expected} == expected


NOTED: dict[str, tuple[str, dict[str, Any], str]] = {
    "a permalink that is a pattern": ("permalink: /:categories/:title/", {"url": "/news/one/"}, "a pattern for addresses"),
    "a permalink that is true": ("permalink: true", {"url": "/news/one/", "draft": False}, "That is no address. It is left out."),
    "a permalink that is a style": ("permalink: pretty", {"url": "/news/one/"}, "a pattern for addresses"),
    "a permalink elsewhere": ("permalink: https://elsewhere.example/x/", {"url": "/news/one/"}, "not an address in this magazine"),
    "an address that is a file": ("url: /old/x.html", {"url": "/old/x/", "redirects": ("/old/x.html",)}, "/old/x.html leads there"),
    "a slug in another script": ("slug: 港に戻る船", {"url": "/news/gang-nili-ruchuan/"}, "“港に戻る船” is “gang-nili-ruchuan” in"),
    "a slug of words": ("slug: Der Größte", {"url": "/news/der-grosste/"}, "“Der Größte” is “der-grosste” in the article's address."),
    "comments that are a list": ("comments: [{author: a, text: b}]", {"comments": ""}, "“comments” must be text. It is left out."),
    "a picture for featured": ("featured: a.jpg", {"featured": False}, "“featured” must be true or false. It is left out."),
    "several pictures": ("image: [a.jpg, b.jpg]", {"image": ""}, "“image” must be text. It is left out."),
    "names for aliases": ("aliases: [Another name, /a/]", {"redirects": ("/a/",)}, "“Another name” does not begin with a slash"),
    "an alias that cannot be": ("aliases: [/tags/x/, /a/]", {"redirects": ("/a/",)}, "/tags/x/ cannot lead to this article"),
    "a category that is no section": ("categories: [seas]", {"section": "news"}, "has no section “seas”"),
    "a source that is an address": ("source: https://elsewhere.example", {"agency": ""}, "an address, not an agency's name"),
    "a source that is a mapping": ("source: {name: AP}", {"agency": ""}, "“source” must be text."),
    "a language that is none": ("lang: english please", {"lang": ""}, "is not a language"),
    "an image that names no picture": ("cover: {hidden: true}", {"image": ""}, "It names no picture"),
    "a picture of another site": ("image: https://elsewhere.example/a.jpg", {}, "on another site is not shown"),
    "keywords beside tags": ("tags: [a]\nkeywords: [b]", {"tags": (Label("a", "a"),)}, "“keywords” is left out: “tags” says"),
    "a tag that differs by its signs": ('tags: [C, "C++", c]', {"tags": (Label("C", "c"),)}, "“C++” is “c” in an address, as “C” is."),
    "a status that nobody knows": ("status: spiked", {"draft": False}, "This status is left out."),
    "a name that is nearly right": ("summry: a", {"summary": ""}, "“summry” is not a field that Pressrun knows."),
    "many names": ("layout: post\nweight: 1\nn: 2", {}, "“layout”, “weight”, “n” are not fields that Pressrun knows."),
    "a name outside of a page bundle": ("name: x", {"title": "One"}, "“name” is not a field that Pressrun knows."),
}


@pytest.mark.parametrize(("lines", "expected", "said"), NOTED.values(), ids=NOTED)
def test_what_cannot_be_used_is_left_out_with_one_note(lines: str, expected: dict[str, Any], said: str) -> None:
    found, problems = read(head(lines))
    assert {name: getattr(found, name) for name in expected} == expected
    (problem,) = problems
    assert problem.severity == "note"
    assert said in problem.problem
    assert problem.line == (4 if "beside" in said or "keywords" in said else 3)


def test_a_date_that_cannot_be_read_is_refused_by_whatever_name() -> None:
    for line in ("pubDate: soon", "published: maybe", "expiryDate: never"):
        found, problems = read_article(KEY, head(line).encode(), MERIDIAN)
        assert found is None
        assert problems[0].line == 3


@pytest.mark.parametrize("lines", ["deck: a\nsummary: b", "description: x\nsummary: b", "summary: b\nexcerpt: ''", "summary: b\ndescription: b"])
def test_a_name_of_ours_goes_before_anothers_and_two_texts_of_one_kind_are_no_contradiction(lines: str) -> None:
    found, problems = read(head(lines))
    assert found.summary == "b"
    assert problems == ()


def test_of_two_names_with_one_value_each_the_first_that_says_something_counts() -> None:
    found, _ = read(head("date:", "pubDate: 2026-11-22"))
    assert found.date == at(22)


def test_what_stands_twice_and_says_the_same_or_nothing_to_pressrun_is_no_reason_to_refuse() -> None:
    _, problems = read(head("expiryDate: 2030-01-01\nExpiryDate: 2030-01-01\nlinkTitle: a\nLinkTitle: b"))
    assert [(problem.problem, problem.line, problem.severity) for problem in problems] == [
        ("“link_title” stands here twice.", 6, "note"),
        ("“LinkTitle” is not a field that Pressrun knows.", 6, "note"),
    ]


SUMMARIES = {
    "**The harbour** is [open](/harbour/)": "The harbour is open",
    "By *Jo* & `Al` <em>there</em>&mdash;2 * 3 * 4": "By Jo & Al there—2 * 3 * 4",
    "1. A list is none, nor is # a heading": "1. A list is none, nor is # a heading",
    "<p>A <script>b</script></p>": "A <script>b</script>",
    "snake_case_name and C:\\new": "snake_case_name and C:\\new",
}


@pytest.mark.parametrize(("written", "said"), SUMMARIES.items(), ids=SUMMARIES)
def test_a_summary_and_a_caption_are_text_whatever_marks_they_came_with(written: str, said: str) -> None:
    found, problems = read(head(f"summary: {json.dumps(written)}\nimage_caption: {json.dumps(written)}"))
    assert problems == ()
    assert found.summary == found.image_caption == said


# Files

PLACES: dict[str, dict[str, Any]] = {
    "articles/2026-11-22-the-ferry.md": {"date": at(22), "url": "/news/one/"},
    "articles/sea/ferry/index.md": {"section": "sea"},
    "articles/news/arctic/index.md": {"section": "news"},
    "articles/sea/2026-11-22-ferry/index.html": {"section": "sea", "date": at(22)},
    "articles/2026-99-99-x.md": {"date": None},
    "articles/2026-11-2-x.md": {"date": datetime(2026, 11, 2, 5, tzinfo=UTC)},
    "pages/about.md": {"section": "", "url": "/about/"},
    "pages/About us.html": {"section": "", "url": "/about-us/"},
}


@pytest.mark.parametrize(("key", "expected"), PLACES.items(), ids=PLACES)
def test_the_files_place_says_what_the_file_does_not(key: str, expected: dict[str, Any]) -> None:
    found, problems = read(head(), key)
    assert problems == ()
    assert {name: getattr(found, name) for name in expected} == expected


def test_a_page_bundle_is_named_by_its_folder_and_may_call_its_title_name() -> None:
    found, problems = read(head(title="name: '🚀'"), "articles/2021-10-07-Ferry/index.md")
    assert problems == ()
    assert (found.title, found.url) == ("🚀", "/news/ferry/")


def test_a_date_in_the_front_matter_goes_before_the_file_names() -> None:
    assert read(head("date: 2026-11-22"), "articles/2021-10-07-x.md")[0].date == at(22)


def test_a_post_without_a_title_has_the_words_of_its_dated_file_name() -> None:
    found, problems = read("---\nsection: news\n---\nText.\n", "articles/_posts/2021-10-07-the-last_ferry.md")
    assert (found.title, found.url, found.date) == ("The last ferry", "/news/the-last-ferry/", datetime(2021, 10, 7, 4, tzinfo=UTC))
    assert [(problem.severity, problem.problem) for problem in problems] == [
        ("note", "The article has no title; its file's name gives it “The last ferry”.")
    ]
    assert read_article(f"articles/2021-10-07-{'long-' * 70}.md", b"---\nsection: news\n---\nText.\n", MERIDIAN)[0] is None
    assert read_article("articles/2021-10-07.md", b"---\nsection: news\n---\nText.\n", MERIDIAN)[0] is None


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("articles/a.md", True),
        ("articles/a.HTML", True),
        ("articles/ferry/index.md", True),
        ("pages/about.md", True),
        ("articles/a.docx", True),  # so that it is refused
        ("articles/a", True),
        ("articles/ferry/quay.JPG", False),
        ("articles/ferry/map.pdf", False),
        ("articles/ferry/launch.mp4", False),
        ("articles/news/_index.md", False),
        ("articles/.DS_Store", False),
        ("articles/.obsidian/app.json", False),
        ("articles/news/", False),
        ("media/a.md", False),
    ],
)
def test_what_lies_beside_an_article_is_none(key: str, expected: bool) -> None:
    assert is_article(key) is expected


@pytest.mark.parametrize(
    "path", ["../2021-10-07-The Ferry.md", "the-ferry", "/sea/the-ferry.html", "2021-10-07-the-ferry/index.md", "The_Ferry.markdown"]
)
def test_an_article_is_called_by_its_files_name(path: str) -> None:
    assert name_of(path) == "the-ferry"


SOURCES = {
    "quay.jpg": ("articles/sea/quay.jpg", "media/quay.jpg"),
    "./quay%20one.jpg?w=3": ("articles/sea/quay one.jpg", "media/quay one.jpg"),
    "../quay.jpg": ("articles/quay.jpg", "media/quay.jpg"),
    "media/quay.jpg": ("articles/sea/media/quay.jpg", "media/quay.jpg"),
    "/media/quay.jpg": ("media/quay.jpg",),
    "/images/quay.jpg": ("media/images/quay.jpg",),
    "/café.jpg": ("media/café.jpg", "media/cafe\u0301.jpg"),
    "caf%65%CC%81.jpg": ("articles/sea/cafe\u0301.jpg", "media/cafe\u0301.jpg", "articles/sea/café.jpg", "media/café.jpg"),
    "images/quay.jpg": ("articles/sea/images/quay.jpg", "media/images/quay.jpg"),
    "../../media/quay.jpg": ("media/quay.jpg",),
    "../../site.toml": ("media/site.toml",),
    "/../../reports/x": ("media/reports/x",),
    "%2e%2e/%2e%2e/register/x": ("media/register/x",),
    "..\\..\\quay.jpg": ("media/quay.jpg",),
    "https://elsewhere.example/quay.jpg": (),
    "//elsewhere.example/quay.jpg": (),
    "data:image/png;base64,AA": (),
    "x" * 1100: (),
    "..": (),
    "": (),
}


@pytest.mark.parametrize(("src", "keys"), SOURCES.items(), ids=[src[:40] for src in SOURCES])
def test_a_pictures_source_is_looked_for_beside_the_article_and_in_media_and_nowhere_else(src: str, keys: tuple[str, ...]) -> None:
    assert media_keys("articles/sea/ferry.md", src) == keys


# Shortcodes

SHORTCODES = {
    '[a]({{< ref "2021-10-07-The Ferry.md" >}})': "[a](ref:the-ferry)",
    '[a]({{< relref path="sea/the-ferry.md#The crew" >}})': "[a](ref:the-ferry#the-crew)",
    '[a]({{% ref "the-ferry" %}}#crew)': "[a](ref:the-ferry#crew)",
    '[a]({{< tmp"sea/the-ferry.md" >}} "b")': '[a](ref:the-ferry "b")',
    '{{< ref "the-ferry" >}}': "[the-ferry](ref:the-ferry)",
    '[a]({{< ref "#crew" >}})': "[a](#crew)",
    "[a]({{ site.baseurl }}{% post_url 2021-10-07-the-ferry %})": "[a](ref:the-ferry)",
    "[a]({% link _posts/2021-10-07-the-ferry.md %})": "[a](ref:the-ferry)",
    "[a]({{ site.url }}{{ site.baseurl }}/about/)": "[a](/about/)",
    "[a]({{ '/about/' | relative_url }})": "[a](/about/)",
    '[a]({{ "/about/" | prepend: site.baseurl }})': "[a](/about/)",
    "[a]({% link files/map.pdf %})": "[a](/files/map.pdf)",
    '{{< figure src="a.jpg" alt="b" caption="c" >}}': '\n![b](a.jpg "c")\n',
    '{{< figure\n  src="a b.jpg"\n  alt="[b]"\n  title="c" attr="\\"d\\"" >}}': '\n![\\[b\\]](<a b.jpg> "c \\"d\\"")\n',
    '{{< figure src="a.jpg" link="/b/" />}}': "\n[![](a.jpg)](/b/)\n",
    'x {{< img src="a.jpg" >}} y': "x ![](a.jpg) y",
    "{{< legacy-img-right src=a.jpg >}}": "\n![](a.jpg)\n",
    "{% img left /a.jpg 100 200 %}": "\n![](/a.jpg)\n",
    '{% include figure.html image_path="a.jpg" %}': "\n![](a.jpg)\n",
    "{{< youtube abcdefghijk >}}": "\n[](https://www.youtube.com/watch?v=abcdefghijk)\n",
    '{{< youtube id="abcdefghijk" title="b" >}}': "\n[b](https://www.youtube.com/watch?v=abcdefghijk)\n",
    "{% youtube https://www.youtube.com/watch?v=abcdefghijk %}": "\n[](https://www.youtube.com/watch?v=abcdefghijk)\n",
    "{{< figure src=/a.jpg?w=3 alt=b=c >}}": "\n![b=c](/a.jpg?w=3)\n",
    "{{< vimeo 123 >}}": "\n[](https://vimeo.com/123)\n",
    "{% highlight ruby linenos %}\nputs {{ x }}\n{% endhighlight %}": "```ruby\nputs {{ x }}\n```",
    "{{< highlight go >}}\n```\n{{< /highlight >}}": "````go\n```\n````",
    "{% raw %}{{ x }}{% endraw %}": "{{ x }}",
    '{{< code file="a.html" >}}\n{{ x }}\n{{< /code >}}': "```\n{{ x }}\n```",
    "{% codeblock %}\n{{ x }}\n{% endcodeblock %}": "```\n{{ x }}\n```",
    "Type {{< code >}}{{ x }}{{< /code >}}.": "Type `{{ x }}`.",
    '{{< details summary="<b>a</b>" >}}*b*{{< /details >}}': "\n\n<details><summary>&lt;b&gt;a&lt;/b&gt;</summary>\n\n*b*\n\n</details>\n\n",
    "`{% raw %}{{ x }}{% endraw %}`": "`{{ x }}`",
    '<details markdown="1">\n<summary>a</summary>\n*b*\n</details>': '<details markdown="1">\n<summary>a</summary>\n\n*b*\n</details>',
    "a\n{{< pullquote >}}\n*b*\n{{< /pullquote >}}": 'a\n\n\n<blockquote class="pullquote">\n\n\n*b*\n\n\n</blockquote>\n\n',
    '{{< figure src="a.jpg" attr="By [b](/c/) and *d*" >}}': '\n![](a.jpg "By b and d")\n',
    '<div class="a" markdown="1">\n*b*\n</div>': '<div class="a" markdown="1">\n\n*b*\n</div>',
    '<div markdown="1">**a** [b](/c/)</div>': '<div markdown="1">\n\n**a** [b](/c/)</div>',
    '<figure markdown="1"><img src="a.jpg"></figure>': '<figure markdown="1">\n<img src="a.jpg"></figure>',
    '{::options parse_block_html="true" /}\n<section>\n*b*\n</section>': "\n<section>\n\n*b*\n</section>",
    "> a\n{.b}\n\n![c](d.jpg){width=300}[e](/f/){.g}": "> a\n\n\n![c](d.jpg)[e](/f/)",
    '<div>\n{{< img src="c.jpg" alt="d" >}}\n</div>\n\ne': '<div>\n<img src="c.jpg" alt="d" title="">\n</div>\n\ne',
    "<div>\n[[The Ferry]]\n</div>": '<div>\n<a href="ref:the-ferry">The Ferry</a>\n</div>',
    "[youtube=http://www.youtube.com/watch?v=abcdefghijk&amp;w=600]": "\n[](https://www.youtube.com/watch?v=abcdefghijk)\n",
    "[TOC]\n\n[[_TOC_]]\n\na": "\n\n\n\na",
    "a{% comment %}b{% endcomment %}c": "ac",
    "{{</* youtube x */>}}": "{{&lt; youtube x &gt;}}",
    "`{{</* youtube x */>}}` `{{< x >}}`": "`{{< youtube x >}}` `{{< x >}}`",
    "é `é`\n\n    {{< x >}}\n\n```\n{{ x }}\n{% x %}\n[[x]]\n```": "é `é`\n\n    {{< x >}}\n\n```\n{{ x }}\n{% x %}\n[[x]]\n```",
    "a <!-- {{< pullquote >}}b{{< /pullquote >}} --> c": "a <!-- {{< pullquote >}}b{{< /pullquote >}} --> c",
    "<!--\n{{< x >}}\n\n{{< y >}} -->\n\n{{< img src=a.jpg >}}": "<!--\n{{< x >}}\n\n{{< y >}} -->\n\n\n![](a.jpg)\n",
    "<div>\n<!-- {{< x >}} -->\n{{< ref b >}}\n</div>": '<div>\n<!-- {{< x >}} -->\n<a href="ref:b">b</a>\n</div>',
    "`<!--` {{< img src=a.jpg >}} `-->`": "`<!--` ![](a.jpg) `-->`",
    "{{< never closed": "{{< never closed",
    "{{x^2}} {a} {}": "{{x^2}} {a} {}",
    'A lead.{: .lead}\n\n![a](a.jpg){:width="300"}\n{: .notice}': "A lead.\n\n![a](a.jpg)\n",
    "* TOC\n{:toc}\n\n## One {#one}": "\n\n## One {#one}",
    "`{: .lead}`": "`{: .lead}`",
    "[[The Ferry]]": "[The Ferry](ref:the-ferry)",
    "[[sea/The Ferry#The crew|aboard]]": "[aboard](ref:the-ferry#the-crew)",
    "a[[0]] [[0]]": "a[[0]] [0](ref:0)",
    "[[#The crew]]": "[The crew](#the-crew)",
    "|a|\n|-|\n|[[The Ferry\\|b]]|": "|a|\n|-|\n|[b](ref:the-ferry)|",
    "![[quay one.jpg|300]]": "![](<quay one.jpg>)",
    "![[quay.jpg|The quay]]": "![The quay](quay.jpg)",
    "![[The Ferry]]": "[The Ferry](ref:the-ferry)",
    "[[1]](/b/) [[c]] [[^d]]\n\n[c]: /c/": "[[1]](/b/) [[c]] [[^d]]\n\n[c]: /c/",
}


@pytest.mark.parametrize(("text", "body"), SHORTCODES.items(), ids=SHORTCODES)
def test_a_shortcode_becomes_what_it_obviously_means(text: str, body: str) -> None:
    assert read(head() + text)[1] == ()
    assert translate(text, 1) == (body, [])


IN_HTML = {
    '<a href="{{< ref "the-ferry.md" >}}">a</a>': '<a href="ref:the-ferry">a</a>',
    "{% post_url 2021-10-07-the-ferry %}": '<a href="ref:the-ferry">2021-10-07-the-ferry</a>',
    '{{< figure src="a.jpg" alt="<b>" caption="c" >}}': '<p><img src="a.jpg" alt="&lt;b&gt;" title="c"></p>',
    "{{< youtube abcdefghijk >}}": '<p><a href="https://www.youtube.com/watch?v=abcdefghijk"></a></p>',
    "{% highlight js %}a<b{% endhighlight %}": "<pre><code>a&lt;b</code></pre>",
    "<pre>{{< x >}}</pre> <code>{{ x }}</code>": "<pre>{{< x >}}</pre> <code>{{ x }}</code>",
    "<!-- {{< x >}} --> <p>{% post_url b %}</p>": '<!-- {{< x >}} --> <p><a href="ref:b">b</a></p>',
    "[[1]] *a*": "[[1]] *a*",
}


@pytest.mark.parametrize(("text", "body"), IN_HTML.items(), ids=IN_HTML)
def test_a_shortcode_in_html_becomes_html(text: str, body: str) -> None:
    assert read(head() + text, "articles/a.html")[1] == ()
    assert translate(text, 1, "html") == (body, [])


AMONG_OTHERS = {
    "Run {{< highlight sh >}}ls{{< /highlight >}} now.\n\n*a*": "<p>Run</p><pre><code>ls</code></pre><p>now.</p><p><em>a</em></p>",
    "{% highlight sh %}\nls\n{% endhighlight %} (a)\n\n*b*": "<pre><code>ls</code></pre><p>(a)</p><p><em>b</em></p>",
    "> {{< highlight sh >}}\n> ls\n> {{< /highlight >}}\n> a": "<blockquote><pre><code>ls</code></pre><p>a</p></blockquote>",
    "{{< highlight sh >}}>{{< /highlight >}}\n\n*a*": "<pre><code>&gt;</code></pre><p><em>a</em></p>",
    "> {{< details >}}\n> *a*\n> {{< /details >}}": ("<blockquote><details><summary>…</summary><p><em>a</em></p></details></blockquote>"),
    '1. a\n\n    {{< figure src="b.jpg" >}}\n\n    *c*\n\n2. d': (
        "<ol><li><p>a</p><figure>(b.jpg)</figure><p><em>c</em></p></li><li><p>d</p></li></ol>"
    ),
    '1. a\n   - b\n     {% include figure.html src="b.jpg" %}\n     *c*\n2. d': (
        "<ol><li>a<ul><li><p>b</p><figure>(b.jpg)</figure><p><em>c</em></p></li></ul></li><li>d</li></ol>"
    ),
    "- {{< highlight >}}ls{{< /highlight >}}\n- b": "<ul><li><pre><code>ls</code></pre></li><li>b</li></ul>",
    "- {{< pullquote >}}\n  *a*\n  {{< /pullquote >}}\n  b": (
        '<ul><li><blockquote class="pullquote"><p><em>a</em></p></blockquote><p>b</p></li></ul>'
    ),
    '<div markdown="1">**a**</div>\n\n*b*': "<div><p><strong>a</strong></p></div><p><em>b</em></p>",
    'a\n    b\n    {{< figure src="c.jpg" >}}': "<p>a\nb</p><figure>(c.jpg)</figure>",
}


@pytest.mark.parametrize(("text", "html"), AMONG_OTHERS.items(), ids=AMONG_OTHERS)
def test_what_stands_around_a_shortcode_stays_what_it_is(text: str, html: str) -> None:
    found, problems = read(head() + text)
    assert problems == ()
    assert re.sub(r"\n+(?=<|$)|(?<=>)\n+", "", complete(found.html, picture=lambda src, alt, caption: f"({src})")) == html


def test_a_shortcode_in_a_footnote_stays_in_it() -> None:
    found, _ = read(head() + "a[^1]\n\n[^1]: b\n\n    {{< youtube abcdefghijk >}}\n\n    *c*\n")
    note = found.html.partition("<div")[2]
    assert "watch?v=abcdefghijk" in note
    assert "<p><em>c</em></p>\n</div>" in note


def test_what_a_shortcode_meant_is_shown() -> None:
    body = '{{< figure src="a.jpg" caption="c" >}}\nSee [[The Ferry#The crew|them]] {{% note %}}and *this*{{% /note %}}.\n'
    found, _ = read(head() + body)
    html = complete(found.html, {"the-ferry": "/sea/the-ferry/"}, lambda src, alt, caption: f"({src})")
    assert html == ('<figure>(a.jpg)<figcaption>c</figcaption></figure>\n<p>See <a href="/sea/the-ferry/#the-crew">them</a> and <em>this</em>.</p>\n')
    assert found.refs == ("the-ferry",)
    assert found.pictures == ("a.jpg",)


@pytest.mark.parametrize(
    ("text", "body", "name"),
    [
        ('{{< tweet user="a" id="1" >}}', "", "tweet"),
        ("{% include footer.html %}", "", "include"),
        ("{{ page.title }}", "", "{{ page.title }}"),
        ("{{ '/a' | asset_path }}", "", "{{ '/a' | asset_path }}"),
        ("{{< youtube >}}", "", "youtube"),
        ("{{< figure >}}", "", "figure"),
        ("{% highlight never closed %}", "", "highlight"),
    ],
)
def test_any_other_shortcode_is_left_out_with_its_name_and_its_line(text: str, body: str, name: str) -> None:
    assert translate("First.\n\n" + text, 1)[0] == "First.\n\n" + body
    _, problems = read(head() + "First.\n\n" + text)
    said = f"Pressrun does not know “{name}”, a shortcode of another tool."
    remedy = "It is left out. Write what it showed as text, as a picture or as a link."
    (problem,) = problems
    assert (problem.problem, problem.remedy, problem.line, problem.severity) == (said, remedy, 6, "note")


@pytest.mark.parametrize(
    ("text", "body", "name"),
    [
        ("{{% notice tip %}}*a*{{% /notice %}}", "*a*", "notice"),
        ("{% if a %}b{% endif %}", "b", "if"),
        ("{{< box >}}{{< box >}}*a*{{< /box >}}", "*a*", "box"),
        ('a {{< glossary text="*b*" id="c" >}} d', "a *b* d", "glossary"),
        ('{{< quote-block text="a" >}}', "\na\n", "quote-block"),
    ],
)
def test_of_a_shortcode_that_has_text_the_text_stays(text: str, body: str, name: str) -> None:
    assert translate("First.\n\n" + text, 1)[0] == "First.\n\n" + body
    _, problems = read(head() + "First.\n\n" + text)
    assert problems[-1].problem == f"Pressrun does not know “{name}”, a shortcode of another tool."
    assert problems[-1].remedy == "It is left out, and its text stays. Nothing need be done."


@pytest.mark.parametrize("text", ['[a]({{< b "c" >}} "d")', "[a]({{ page.b }})", '<a href="{{ page.b }}">a</a>'])
def test_a_link_whose_address_is_left_out_is_its_text(text: str) -> None:
    found, _ = read(head() + text)
    assert complete(found.html) == "<p>a</p>\n"


# HTML

PAGE = """\
<!doctype html>
<html lang="en-GB">
<head>
<title>The ferry &amp; her crew | The Old Site</title>
<meta name="description" content="A short trip.">
<meta property="article:published_time" content="2026-11-22T09:00:00Z">
<meta name="author" content="Jo Ash">
<meta name="keywords" content="sea ice, ships">
<script>var a = "<article>";</script>
</head>
<body>
<nav>Menu</nav>
<article>
<h1>The ferry &amp; her <em>crew</em></h1>
<p onclick="x()">Text with an <img src="quay.jpg" alt="a quay"> and <a href="other.html">another</a>.</p>
</article>
<footer>Footer</footer>
</body>
</html>
"""


def test_an_article_in_html_says_in_its_head_what_it_is() -> None:
    found, problems = read(PAGE, "articles/sea/ferry.html")
    assert problems == ()
    assert (found.title, found.url, found.summary, found.lang) == ("The ferry & her crew", "/sea/the-ferry-her-crew/", "A short trip.", "en-GB")
    assert found.date == datetime(2026, 11, 22, 9, tzinfo=UTC)
    assert found.authors == (Label("Jo Ash", "jo-ash"),)
    assert found.tags == (Label("sea ice", "sea-ice"), Label("ships", "ships"))
    assert (found.refs, found.pictures) == (("other",), ("quay.jpg",))
    assert complete(found.html).strip() == "<p>Text with an <em>a quay</em> and another.</p>"


@pytest.mark.parametrize("form", ["---\ntitle: Ours\n---\n", '+++\ntitle = "Ours"\n+++\n', '{"title": "Ours"}\n'])
def test_front_matter_says_more_than_the_head_of_the_html(form: str) -> None:
    found, _ = read(form + PAGE, "articles/ferry.htm")
    assert (found.title, found.summary) == ("Ours", "A short trip.")
    assert "<h2>The ferry" in found.html


HTML = {
    "a headline without a head": ("<h1>One</h1>\n<p>a</p>", "One", "\n<p>a</p>"),
    "a title without a headline": ("<title>One</title><body><p>a</p></body>", "One", "<p>a</p>"),
    "a headline that says something else": ("<title>One</title><h1>Two</h1>", "One", "<title>One</title><h1>Two</h1>"),
    "main": ("<title>One</title><body>x<main>a</main>y</body>", "One", "a"),
    "an article in an article": ("<title>One</title><article>a<article>b</article>c</article>d", "One", "a<article>b</article>c"),
    "an article that never ends": ("<title>One</title><article>a", "One", "a"),
    "a teaser beside the story": ("<main><h1>One</h1>a<article>b</article></main>", "One", "a<article>b</article>"),
    "teasers around the story": ("<article>a</article><article><h1>One</h1>b</article><article>c</article>", "One", "b"),
    "a logo above the story": ("<title>One</title><h1>Site</h1><article><h2>One</h2>a</article>", "One", "<h2>One</h2>a"),
    "two articles": ("<title>One</title><main><article>a</article><article>b</article></main>", "One", "<article>a</article><article>b</article>"),
    "an article in a remark": ("<title>One</title><!-- <article> --><body>a</body>", "One", "a"),
}


@pytest.mark.parametrize(("text", "title", "body"), HTML.values(), ids=HTML)
def test_the_article_is_found_in_the_page(text: str, title: str, body: str) -> None:
    found, problems = read(text, "articles/a.html")
    assert problems == ()
    document, _ = read_page(text)
    assert (found.title, document and document.body) == (title, body)


def test_a_problem_in_html_has_its_line() -> None:
    text = '<title>One</title>\n<meta name="date" content="soon">\n<body>\n\n{{< gist 1 >}}</body>'
    _, problems = read_article("articles/a.html", text.encode(), MERIDIAN)
    assert [problem.line for problem in problems] == [5, 2]
    _, problems = read_article("articles/a.html", b"<p>a", MERIDIAN)
    assert problems[0].remedy == "Write it between <title> and </title>."


# Pictures inside the text

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("articles/a.md", f"---\ntitle: One\n---\n![a](data:image/png;base64,{PNG})\n\n![b](data:image/jpeg;base64,{PNG})"),
        ("articles/a.md", f"---\ntitle: One\n---\n![a][1]\n\n[1]: data:image/png;base64,{PNG}"),
        ("articles/a.html", f"<title>One</title><img src='data:image/png;base64,\n{PNG[:40]}\n{PNG[40:]}\n'>"),
        ("articles/a.md", f"---\ntitle: One\nimage: data:image/png;base64,{PNG}\n---\n"),
    ],
)
def test_a_picture_inside_the_text_is_taken_out_into_a_file(key: str, text: str) -> None:
    found, problems = read(text, key)
    assert problems == ()
    (embedded,) = found.embedded
    assert embedded.data.startswith(b"\x89PNG")
    assert found.pictures == (embedded.name,)
    assert embedded.name.endswith(".png")
    assert len(embedded.name) == len("0123456789abcdef.png")
    assert "base64" not in take_out(text)[0]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("data:image/png;base64,AAAA", "is not a PNG, JPEG, GIF, WebP or AVIF picture"),
        ("data:image/png;base64,A", "is broken"),
        (f"data:image/png;base64,{PNG[:40]}", "cannot be shown. The picture is broken, or was cut short on its way"),
        ("data:image/svg+xml;base64,PHN2Zz4=", "is not a PNG, JPEG, GIF, WebP or AVIF picture"),
        ("data:image/png;base64," + "A" * 7_000_000, "is larger than 5 MB"),
    ],
)
def test_a_picture_inside_the_text_that_cannot_be_one_is_refused_with_its_line(source: str, said: str) -> None:
    found, problems = read_article(KEY, (head() + f"Text.\n\n![a]({source})").encode(), MERIDIAN)
    assert found is None
    (problem,) = problems
    assert said in problem.problem
    assert problem.line == 6
    assert len(problem.text) < 100
