/** Zooming by dragging and pinching. Cornerstone's own tool errs on screens of high density when it draws on a canvas. */

import { BaseTool } from "@cornerstonejs/tools";

const PER_PIXEL = 1.006;

const panes = new WeakMap(); // Cornerstone's element → the pane that zooms

export class ZoomByHand extends BaseTool {
  static toolName = "ZoomByHand";

  constructor(toolProps = {}, defaultToolProps = { supportedInteractionTypes: ["Mouse", "Touch"], configuration: {} }) {
    super(toolProps, defaultToolProps);
  }

  /** Tells which pane an element belongs to. */
  static serve(element, pane) {
    panes.set(element, pane);
  }

  mouseDragCallback({ detail }) {
    const { element, deltaPoints, startPoints } = detail;
    panes.get(element)?.zoom(PER_PIXEL ** deltaPoints.canvas[1], startPoints.canvas);
  }

  touchDragCallback({ detail }) {
    const { element, currentPointsList: now, lastPointsList: before } = detail;
    const pane = panes.get(element);
    if (!pane) return;
    if (now.length < 2 || before.length < 2) {
      this.mouseDragCallback({ detail });
      return;
    }
    const [from, to] = [span(before), span(now)];
    if (from.distance > 0) pane.zoom(to.distance / from.distance, to.middle);
    const { clientHeight } = element;
    pane.pan((to.middle[0] - from.middle[0]) / clientHeight, (to.middle[1] - from.middle[1]) / clientHeight);
  }
}

function span([{ canvas: a }, { canvas: b }]) {
  return {
    distance: Math.hypot(a[0] - b[0], a[1] - b[1]),
    middle: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2],
  };
}
