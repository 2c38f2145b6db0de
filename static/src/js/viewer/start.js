/** Makes Cornerstone ready, once. */

import { init as initCore, RenderingEngine, setUseCPURendering } from "@cornerstonejs/core";

import { styleThroughCssom } from "./csp.js";
import { startLoader } from "./loader.js";

const ENGINE = "viewer";

/** The rendering engine for a study whose largest image has so many rows or columns. */
export function startEngine(largest) {
  styleThroughCssom();
  const onCanvas = !canUseWebgl(largest);
  initCore({ rendering: { webGlContextCount: 2, useCPURendering: onCanvas } });
  if (onCanvas) setUseCPURendering(true, false);
  startLoader({ onCanvas });
  return new RenderingEngine(ENGINE);
}

/** Whether there is a graphics processor that holds such an image; without one, the canvas is faster. */
function canUseWebgl(largest) {
  const forced = new URLSearchParams(window.location.search).get("renderer");
  if (forced) return forced === "webgl";
  const gl = document.createElement("canvas").getContext("webgl2");
  if (!gl) return false;
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const renderer = info ? gl.getParameter(info.UNMASKED_RENDERER_WEBGL) : "";
  const limit = gl.getParameter(gl.MAX_TEXTURE_SIZE);
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return largest <= limit && !/swiftshader|llvmpipe|softpipe|basic render/i.test(renderer);
}
