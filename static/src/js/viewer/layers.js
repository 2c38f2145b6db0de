/** Pictures laid over a pane's image, wherever zooming, moving and turning take it: evidence and graphic overlays. */

import { make } from "./dom.js";
import { worldSpacing } from "./loader.js";

export class Layers {
  constructor(pane) {
    this.pane = pane;
    this.pictures = new Map();
    pane.redrawLayers = () => this.redraw();
  }

  /** Shows a picture of the whole image under a name, or removes it when there is no address. */
  set(name, url, { opacity = 1 } = {}) {
    let picture = this.pictures.get(name);
    if (!url) {
      picture?.remove();
      this.pictures.delete(name);
      return;
    }
    if (picture?.getAttribute("src") !== url) {
      picture?.remove();
      picture = make("img", { className: `pane__layer pane__layer--${name}`, alt: "", src: url });
      picture.onload = () => this.redraw();
      this.pictures.set(name, picture);
      this.pane.face.layers.append(picture);
    }
    picture.style.opacity = opacity;
    this.redraw();
  }

  redraw() {
    const { pane } = this;
    if (!pane.isShowing) return;
    const { frameSet } = pane.image;
    const [rowSpacing, columnSpacing] = worldSpacing(frameSet);
    // From the outer edge of the first pixel, half a pixel before the world's origin.
    const corner = ([x, y]) => pane.viewport.worldToCanvas([(x - 0.5) * columnSpacing, (y - 0.5) * rowSpacing, 0]);
    const [ox, oy] = corner([0, 0]);
    const [rx, ry] = corner([frameSet.columns, 0]);
    const [dx, dy] = corner([0, frameSet.rows]);
    for (const picture of this.pictures.values()) {
      const { naturalWidth: width, naturalHeight: height } = picture;
      if (!width || !height) continue;
      const matrix = [(rx - ox) / width, (ry - oy) / width, (dx - ox) / height, (dy - oy) / height, ox, oy];
      picture.style.transform = `matrix(${matrix.join(",")})`;
    }
  }
}
