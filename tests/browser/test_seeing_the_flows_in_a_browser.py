"""流程一览 as it is seen: the drawing fills its frame, and nothing lies over it."""

MEASURED = """() => {
  const frame = document.querySelector(".mj-diagram"), mark = frame.querySelector(".bjs-powered-by svg");
  const circle = frame.querySelector(".djs-element circle");
  const size = (element) => element.getBoundingClientRect();
  return {frame: frame.clientHeight, drawing: size(frame.querySelector(".djs-container > svg")).height,
          mark: size(mark).width, circle: size(circle).width};
}"""


def test_a_flow_is_drawn_whole_with_its_events_and_the_viewers_mark_stays_small(window, base):
    page = window("trev1").page
    for size in ((1280, 900), (390, 844)):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.goto(f"{base}/flows/sub_card")
        page.wait_for_selector(".mj-diagram .djs-element circle", state="attached")
        seen = page.evaluate(MEASURED)
        assert seen["drawing"] == seen["frame"], (size, seen)
        assert seen["mark"] < 80, (size, seen)
        assert seen["circle"] > 0, (size, seen)


PRINTED = """() => [...document.querySelectorAll(".mj-flow")].map((flow) => {
  const paper = flow.getBoundingClientRect();
  return [...flow.querySelectorAll(".mj-strips > svg")].map((piece) => {
    const seen = piece.getBoundingClientRect(), drawn = piece.querySelector("use").getBoundingClientRect();
    const scale = seen.width / piece.viewBox.baseVal.width;
    return {scale, whole: seen.right <= paper.right + 2 && drawn.width > 0};
  });
})"""


def test_on_paper_every_flow_and_what_it_calls_is_drawn_in_pieces_that_can_be_read(window, base):
    page = window("trev1").page
    page.set_viewport_size({"width": 1032, "height": 700})  # A4 on its side, within its margins
    page.goto(f"{base}/flows/recovery")
    page.emulate_media(media="print")
    flows = page.evaluate(PRINTED)
    assert len(flows) > 3 and max(map(len, flows)) > 2
    assert all(piece["whole"] and piece["scale"] > 0.6 for flow in flows for piece in flow), flows


def test_without_scripts_the_flow_is_drawn_all_the_same(browser, base, window):
    page = window("trev1", java_script_enabled=False).page
    page.goto(f"{base}/flows/sub_card")
    assert page.locator(".mj-flow .mj-strips > svg").first.is_visible()
    assert not page.locator(".mj-flow .mj-diagram").first.is_visible()
