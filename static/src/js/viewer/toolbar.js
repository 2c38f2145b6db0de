/** The toolbar: one stop for Tab, arrows within; and the menus that its buttons open. */

import { make } from "./dom.js";

export class Toolbar {
  constructor(root, { useTool, act, menus }) {
    this.root = root;
    this.menus = menus;
    this.buttons = [...root.querySelectorAll("button")];
    this.#stopAt(this.buttons[0]);
    root.addEventListener("keydown", (event) => this.#keyed(event));
    root.addEventListener("focusin", (event) => this.#stopAt(event.target));
    root.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      if (button.dataset.tool) useTool(button.dataset.tool);
      if (button.dataset.do) act(button.dataset.do);
      if (button.dataset.menu) this.#toggle(button);
    });
    document.addEventListener("pointerdown", (event) => {
      if (this.open && !this.open.menu.contains(event.target) && !this.open.button.contains(event.target)) this.close();
    });
  }

  press(name, isPressed) {
    this.root.querySelector(`[data-do="${name}"]`).setAttribute("aria-pressed", String(isPressed));
  }

  enable(name, isEnabled) {
    const button = this.root.querySelector(`[data-do="${name}"]`);
    if (!isEnabled && document.activeElement === button) this.buttons[0].focus();
    button.disabled = !isEnabled;
  }

  chose(tool) {
    for (const button of this.root.querySelectorAll("[data-tool]")) {
      button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
    }
  }

  close() {
    if (!this.open) return;
    const { menu, button } = this.open;
    this.open = null;
    menu.hidden = true;
    button.setAttribute("aria-expanded", "false");
  }

  #stopAt(stop) {
    for (const button of this.buttons) button.tabIndex = button === stop ? 0 : -1;
  }

  #keyed(event) {
    const usable = this.buttons.filter((button) => !button.disabled);
    const at = usable.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: usable.length - 1 }[event.key];
    if (event.key === "ArrowDown" && document.activeElement.dataset.menu) {
      event.preventDefault();
      this.#toggle(document.activeElement);
    }
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    usable[(to + usable.length) % usable.length].focus();
  }

  #toggle(button) {
    if (this.open?.button === button) {
      this.close();
      return;
    }
    this.close();
    const menu = document.querySelector(`[data-menu-of="${button.dataset.menu}"]`);
    const items = this.menus[button.dataset.menu]();
    menu.replaceChildren(...items.map((item) => this.#item(item, button)));
    menu.hidden = false;
    const box = button.getBoundingClientRect();
    menu.style.top = `${box.bottom + 4}px`;
    menu.style.left = `${Math.max(4, Math.min(box.left, window.innerWidth - menu.offsetWidth - 4))}px`;
    button.setAttribute("aria-expanded", "true");
    this.open = { menu, button };
    menu.onkeydown = (event) => this.#menuKeyed(event, menu, button);
    (menu.querySelector("[aria-checked=true]") ?? menu.firstElementChild)?.focus();
  }

  #item({ name, hint = "", isChosen, choose }, button) {
    const item = make("button", { type: "button", className: "menu__item", role: "menuitemradio", tabIndex: -1, "aria-checked": String(Boolean(isChosen)) });
    item.append(make("span", {}, name), make("kbd", {}, hint));
    item.onclick = () => {
      this.close();
      button.focus();
      choose();
    };
    return item;
  }

  #menuKeyed(event, menu, button) {
    const items = [...menu.children];
    const at = items.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    event.stopPropagation();
    if (to !== undefined) {
      event.preventDefault();
      items[(to + items.length) % items.length].focus();
    } else if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      this.close();
      button.focus();
    }
  }
}
