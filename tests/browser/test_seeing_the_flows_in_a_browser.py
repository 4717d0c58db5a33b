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
