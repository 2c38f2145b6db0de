/** Panes that zoom, move and scroll together. */

export class Linking {
  constructor(layout) {
    this.layout = layout;
    this.isOn = false;
    layout.addEventListener("change", ({ detail }) => detail.what === "view" && this.follow(detail.pane));
  }

  set(isOn) {
    this.isOn = isOn;
    if (isOn) this.follow(this.layout.active);
  }

  /** Brings the other panes to the place of this one. Facing breasts move as in a mirror. */
  follow(pane) {
    if (!this.isOn || this.isFollowing || !pane?.isShowing) return;
    this.isFollowing = true;
    const place = pane.relative();
    for (const other of this.#others(pane)) {
      const isFacing = sideOf(pane) !== sideOf(other);
      other.setRelative(isFacing ? { ...place, x: -place.x } : place);
    }
    this.isFollowing = false;
  }

  /** Goes through the frames of a pane, and of those linked to it. */
  scroll(pane, by) {
    pane.goTo(pane.index + by);
    if (!this.isOn) return;
    for (const other of this.#others(pane)) other.goTo(other.index + by);
  }

  #others(pane) {
    return this.layout.panes.filter((other) => other !== pane && other.isShowing);
  }
}

function sideOf({ image }) {
  return /^[LR]$/.test(image.laterality) && image.view ? image.laterality : "";
}
