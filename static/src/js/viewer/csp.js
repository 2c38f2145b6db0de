/**
 * Cornerstone's tools write `style` attributes into their SVG, which the page's content security policy refuses;
 * the same declarations set through the CSSOM are allowed.
 */
export function styleThroughCssom() {
  const { setAttribute } = SVGElement.prototype;
  SVGElement.prototype.setAttribute = function set(name, value) {
    if (name === "style") this.style.cssText = value;
    else setAttribute.call(this, name, value);
  };
}
