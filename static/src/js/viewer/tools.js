/** What the mouse and the fingers do, by Cornerstone's tools. */

import {
  AngleTool,
  annotation,
  ArrowAnnotateTool,
  addTool,
  EllipticalROITool,
  Enums,
  init,
  LengthTool,
  PanTool,
  ProbeTool,
  RectangleROITool,
  StackScrollTool,
  ToolGroupManager,
  WindowLevelTool,
} from "@cornerstonejs/tools";

import { linesOf } from "./mark-text.js";
import { ZoomByHand } from "./zoom-tool.js";

const { MouseBindings } = Enums;
const GROUP = "viewer";

const HANDS = { window: WindowLevelTool, pan: PanTool, zoom: ZoomByHand, scroll: StackScrollTool };

/** The drawing tools by the names under which the site keeps their marks. */
export const MARKS = {
  length: LengthTool,
  angle: AngleTool,
  ellipse: EllipticalROITool,
  rectangle: RectangleROITool,
  probe: ProbeTool,
  arrow: ArrowAnnotateTool,
};

export const nameOfMark = Object.fromEntries(Object.entries(MARKS).map(([name, tool]) => [tool.toolName, name]));

const COLOURS = {
  color: "rgb(255, 214, 90)",
  colorHighlighted: "rgb(120, 230, 255)",
  colorSelected: "rgb(120, 230, 255)",
  colorLocked: "rgb(190, 205, 215)",
  textBoxColor: "rgb(255, 226, 140)",
  textBoxColorHighlighted: "rgb(180, 242, 255)",
  textBoxColorSelected: "rgb(180, 242, 255)",
  textBoxColorLocked: "rgb(220, 230, 236)",
  textBoxBackground: "rgba(8, 12, 15, 0.72)",
  textBoxFontFamily: "system-ui, 'Segoe UI', Arial, sans-serif",
  textBoxFontSize: "13px",
  textBoxLinkLineWidth: "1",
  lineWidth: "2",
};

/** Readies the tools; `askForText(proposed)` resolves with a note's text, or null. */
export function startTools(askForText) {
  init();
  for (const tool of [...Object.values(HANDS), ...Object.values(MARKS)]) addTool(tool);
  annotation.config.style.setDefaultToolStyles({
    global: { ...annotation.config.style.getDefaultToolStyles().global, ...COLOURS },
  });
  const group = ToolGroupManager.createToolGroup(GROUP);
  for (const tool of Object.values(HANDS)) group.addTool(tool.toolName);
  for (const [name, tool] of Object.entries(MARKS)) {
    group.addTool(tool.toolName, {
      getTextLines: (data, target) => linesOf(name, data, target),
      getTextCallback: (done) => askForText("").then(done),
      changeTextCallback: (data, _event, done) => askForText(data?.data?.label ?? data?.label ?? "").then((text) => text && done(text)),
      actions: {}, // undo and redo are the viewer's own
    });
  }
  return new Hand(group);
}

class Hand {
  constructor(group) {
    this.group = group;
    this.tool = "";
    for (const tool of Object.values(MARKS)) group.setToolPassive(tool.toolName);
    this.use("window");
  }

  add(pane, engineId) {
    this.group.addViewport(pane.id, engineId);
    ZoomByHand.serve(pane.face.viewport, pane);
  }

  remove(pane, engineId) {
    this.group.removeViewports(engineId, pane.id);
  }

  /** The left button and one finger do this now; middle button, right button and two fingers stay as they are. */
  use(name) {
    if (name === this.tool) return;
    const before = HANDS[this.tool] ?? MARKS[this.tool];
    if (before) {
      this.group.setToolPassive(before.toolName, { removeAllBindings: true });
    }
    this.tool = name;
    const bindings = {
      [PanTool.toolName]: [{ mouseButton: MouseBindings.Auxiliary }],
      [ZoomByHand.toolName]: [{ mouseButton: MouseBindings.Secondary }, { numTouchPoints: 2 }],
    };
    const { toolName } = HANDS[name] ?? MARKS[name];
    bindings[toolName] = [...(bindings[toolName] ?? []), { mouseButton: MouseBindings.Primary }];
    for (const [tool, list] of Object.entries(bindings)) this.group.setToolActive(tool, { bindings: list });
  }

  get draws() {
    return this.tool in MARKS;
  }
}
