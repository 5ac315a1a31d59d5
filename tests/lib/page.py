# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""page.py - uses an HTML report as a person does: page.py REPORT prints a line a check.

The report is that of tests/programs/report_sample.c with 300 sites; with --any, it may be any of
a real trace, of which less is known.
"""
import sys
import traceback

from webdriver import Browser

ROW = 20  # pixels of a row of the graph
CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def boxes(browser):
    """Name, row, left edge and width of each frame drawn."""
    return browser.run("return flame.boxes.map(box => [flame.labelOf(box.node), box.row, box.x, box.width])")


def point_at(browser, name, click=False):
    """The mouse on the widest frame of this name."""
    _, row, x, width = max((box for box in boxes(browser) if box[0] == name), key=lambda box: box[3])
    browser.run("document.querySelector('#flame-box').scrollTop = 0")
    browser.point("#flame", x + width / 2, row * ROW + ROW / 2, click)


def first_cells(browser):
    return browser.run("return [...document.querySelectorAll('#sites tbody tr')]"
                       ".map(row => row.cells[0].textContent)")


@check
def completeness_is_on_top_and_names_are_text(browser):
    assert browser.run("return document.querySelector('main section').id") == "seen"
    assert browser.run("return document.querySelector('#seen').classList.contains('incomplete')")
    assert "3 blocks are older than the trace </script><b>" in browser.text("#completeness")
    assert browser.text("h1") == "python3 server.py --name '</script>'"
    assert "Definitely lost\n4.68 KiB\n17 blocks" in browser.text("#totals"), browser.text("#totals")
    assert browser.run("return document.querySelectorAll('script').length") == 2
    assert browser.run("return document.querySelectorAll('b b').length") == 0


@check
def the_graph_shows_every_byte_in_order_of_width(browser):
    drawn = boxes(browser)
    total = browser.run("return REPORT.sites.reduce((sum, site) => sum + site.live[0], 0)")
    assert drawn[0][:3] == ["all", 0, 0]
    names = {box[0]: box for box in drawn if box[1] == 1}
    width = names["<module> (server.py:200)"][3] / drawn[0][3]
    assert abs(width - (8 * 2**20 + 65536) / total) < 1e-9
    row = [box for box in drawn if box[1] == 1]
    assert all(a[3] >= b[3] and abs(a[2] + a[3] - b[2]) < 1e-6 for a, b in zip(row, row[1:]))


@check
def pointing_says_name_bytes_and_share(browser):
    point_at(browser, "Cache.put (cache.py:42)")
    said = browser.text("#frame")
    assert said.startswith("Cache.put (/srv/app/cache.py:42) — 8.00 MiB, "), said


@check
def a_click_zooms_and_a_click_above_zooms_out(browser):
    whole = boxes(browser)[0][3]
    point_at(browser, "serve (server.py:107)", click=True)
    drawn = boxes(browser)
    assert [box[0] for box in drawn] == ["all", "<module> (server.py:200)", "serve (server.py:107)",
                                         "Cache.put (cache.py:42)"], drawn
    assert all(box[3] == whole for box in drawn)
    assert "100.0 % of what is shown" in browser.text("#frame")
    point_at(browser, "<module> (server.py:200)", click=True)
    assert "serve (server.py:101)" in [box[0] for box in boxes(browser)]
    browser.click("#zoom-out")
    assert len(boxes(browser)) > 300
    assert not browser.run("return flame.zoomed.length")


@check
def the_keyboard_goes_everywhere_that_the_mouse_does(browser):
    for key in ["Down", "Down", "Enter"]:
        browser.type("#flame", key)
    assert browser.run("return flame.zoomed.length") == 2
    browser.type("#flame", "Up")
    assert browser.run("return flame.pointed.row") == 1
    browser.type("#flame", "Escape")
    assert browser.run("return flame.zoomed.length") == 0
    browser.type("#flame", "Down")
    browser.type("#flame", "Right")
    assert browser.run("return flame.pointed.x") > 0
    browser.type("#timeline", "Right")
    browser.type("#timeline", "Right")
    assert browser.text("#moment").startswith("25 ms: "), browser.text("#moment")


@check
def a_search_marks_frames_and_says_their_share(browser):
    browser.type("#search", "CACHE.put")
    total = browser.run("return flame.root.value")
    expected = f"found in {100 * 8 * 2**20 / total:.1f} % (8.00 MiB)"
    assert browser.text("#found") == expected, browser.text("#found")
    pixel = browser.run("const box = flame.boxes.find(box => flame.labelOf(box.node).startsWith('Cache.put'));"
                        "const data = flame.canvas.getContext('2d').getImageData("
                        "box.x + box.width - 6, box.row * 20 + 4, 1, 1).data;"
                        "return '#' + [...data.slice(0, 3)].map(v => v.toString(16).padStart(2, '0')).join('')")
    assert pixel == browser.run("return style('--found')"), pixel
    browser.clear("#search")
    browser.run("document.querySelector('#search').dispatchEvent(new Event('input'))")
    assert browser.text("#found") == ""


@check
def inverted_has_the_allocating_frames_on_top(browser):
    browser.click("#inverted")
    tops = {box[0] for box in boxes(browser) if box[1] == 1}
    assert "Cache.put (cache.py:42)" in tops and "<module> (server.py:200)" not in tops
    point_at(browser, "Cache.put (cache.py:42)", click=True)
    assert [box[0] for box in boxes(browser)][-1] == "<module> (server.py:200)"
    browser.click("#inverted")
    assert not browser.run("return flame.zoomed.length")


@check
def another_weight_is_another_width(browser):
    browser.run("const select = document.querySelector('#weight'); select.value = 'temporary';"
                "select.dispatchEvent(new Event('change'))")
    browser.run("flame.point(null)")
    total = browser.run("return REPORT.sites.reduce((sum, site) => sum + site.temporary[1], 0)")
    assert browser.text("#frame").startswith(f"all — {total:,}, 100.0 %"), browser.text("#frame")
    assert "Cache.put (cache.py:42)" not in [box[0] for box in boxes(browser)]
    browser.run("const select = document.querySelector('#weight'); select.value = 'live';"
                "select.dispatchEvent(new Event('change'))")


@check
def the_table_sorts_filters_and_opens(browser):
    assert first_cells(browser)[0] == "Cache.put (cache.py:42)"
    browser.click("#sites th:nth-child(5) button")
    assert first_cells(browser)[0] == "parse (parse.py:12) → list_resize (python3.11)"
    assert browser.run("return document.querySelector('#sites th:nth-child(5)').ariaSort") == "descending"
    browser.click("#sites th:nth-child(5) button")
    assert first_cells(browser)[0] == "[stack not known]"
    browser.click("#more")
    assert browser.text("#shown") == "305 of 305 sites"
    browser.type("#filter", "libvendor")
    assert browser.text("#shown") == "1 of 305 sites"
    browser.click("#sites tbody button")
    stack = browser.text("#sites tr.stack")
    assert "libvendor.so.2+0x4711 (/opt/lib/libvendor.so.2): the file has no symbols" in stack, stack
    assert "proven" in browser.text("#sites tbody tr")


@check
def the_timeline_has_its_kinds_its_peak_and_its_figures(browser):
    kinds = browser.run("return [...document.querySelectorAll('#timeline polygon')].map(p => p.dataset.kind)")
    assert kinds == ["heap", "arena", "mmap-chunk", "pymalloc"], kinds
    assert browser.text("#timeline .peak-label").endswith("at 6.25 s")
    browser.point("#timeline", browser.run("return timeline.x(5025e6)"), 60)
    assert browser.text("#moment").startswith("5.03 s: "), browser.text("#moment")
    assert "RSS 22.0 MiB" in browser.text("#moment"), browser.text("#moment")
    top = browser.run("return timeline.most")
    browser.click("#rss")
    assert browser.run("return timeline.most") < top
    browser.click("#rss")


@check
def names_that_deceive_are_spelled_out(browser):
    labels = browser.run("return LABELS")
    assert "\\u202eevil\\x1b[31m (été 🐍.py:7)" in labels
    assert any("\\xff\\xfe;x.py:3" in label and "\\x0a" in label for label in labels)


@check
def nothing_was_refused_and_nothing_failed(browser):
    told = browser.log()
    assert not told, told


def any_report_is_drawn_and_told(browser):
    drawn = boxes(browser)
    assert len(drawn) > 1 and drawn[0][3] > 1000
    name = next(box[0] for box in drawn if box[1] == 1)
    point_at(browser, name, click=True)
    assert browser.run("return flame.zoomed.length") == 1
    assert len(first_cells(browser)) > 1
    assert browser.run("return document.querySelectorAll('#timeline polygon').length") > 0
    assert browser.run("return document.querySelectorAll('#sizes tr').length") > 1
    assert browser.text("#completeness")
    assert browser.run("return document.querySelector('#seen').className") == ""
    # it was written with --weight total
    assert browser.run("return document.querySelector('#weight').value") == "total"
    assert browser.text("#sites th[aria-sort]") == "Allocated \u2193"


ANY = [any_report_is_drawn_and_told, nothing_was_refused_and_nothing_failed]


def main(report, which=None):
    failed = 0
    with Browser() as browser:
        browser.open(report)
        for function in ANY if which == "--any" else CHECKS:
            try:
                function(browser)
                print("ok", function.__name__)
            except Exception:
                failed += 1
                print("not ok", function.__name__)
                print(traceback.format_exc(), file=sys.stderr)
    return failed > 0


sys.exit(main(*sys.argv[1:]))
