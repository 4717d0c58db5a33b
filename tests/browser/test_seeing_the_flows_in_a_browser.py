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


PRINTED = """() => [...document.querySelectorAll(".mj-flow .mj-diagram")].map((frame) => {
  const drawn = frame.querySelector(".djs-container > svg .viewport").getBoundingClientRect();
  const paper = frame.getBoundingClientRect();
  return drawn.width > 0 && drawn.left >= paper.left - 2 && drawn.right <= paper.right + 2;
})"""


def test_on_paper_every_flow_and_what_it_calls_is_drawn_whole(window, base):
    page = window("trev1").page
    page.goto(f"{base}/flows/recovery")
    page.wait_for_function("() => [...document.querySelectorAll('.mj-diagram')].every((one) => one.mjViewer)")
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    drawn = page.evaluate(PRINTED)
    assert len(drawn) > 3 and all(drawn), drawn
