/** The review of a picture: rectangles are drawn on it and stand in the form as text, one a line, so that they can be
 * written by hand as well. The text is the truth; the drawing follows it. */

const MASK = "mask";

function rectangles(text) {
  const found = [];
  for (const line of text.split("\n")) {
    const numbers = line.match(/\d+/g)?.map(Number) ?? [];
    if (numbers.length === 4) found.push(numbers);
  }
  return found;
}

function start(stage) {
  const image = stage.querySelector("img");
  const canvas = stage.querySelector("canvas");
  const text = document.getElementById("id_rectangles");
  const suggestions = JSON.parse(document.getElementById("suggestions").textContent);
  const context = canvas.getContext("2d");
  let drawing = null;

  const draw = () => {
    const line = Math.max(2, Math.round(canvas.width / 400));
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.lineWidth = line;
    for (const [x0, y0, x1, y1] of [...rectangles(text.value), ...(drawing ? [drawing] : [])]) {
      const box = [Math.min(x0, x1), Math.min(y0, y1), Math.abs(x1 - x0) + 1, Math.abs(y1 - y0) + 1];
      context.fillStyle = "rgba(0, 0, 0, 0.75)";
      context.fillRect(...box);
      context.strokeStyle = "#ffd54a";
      context.strokeRect(...box);
    }
  };
  const write = (lines) => {
    text.value = lines.map((numbers) => numbers.join(", ")).join("\n");
    draw();
  };
  const add = (added) => {
    write([...rectangles(text.value), ...added]);
    const mask = document.querySelector(`input[name="decision"][value="${MASK}"]`);
    if (mask && added.length) mask.checked = true;
  };
  const point = (event) => {
    const frame = canvas.getBoundingClientRect();
    const within = (value, size) => Math.min(Math.max(Math.floor(value), 0), size - 1);
    return [
      within(((event.clientX - frame.left) / frame.width) * canvas.width, canvas.width),
      within(((event.clientY - frame.top) / frame.height) * canvas.height, canvas.height),
    ];
  };

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    drawing = [...point(event), ...point(event)];
    event.preventDefault();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!drawing) return;
    drawing = [drawing[0], drawing[1], ...point(event)];
    draw();
  });
  const finish = (event) => {
    if (!drawing) return;
    const [x0, y0, x1, y1] = drawing;
    drawing = null;
    const large = Math.abs(x1 - x0) > 2 && Math.abs(y1 - y0) > 2; // a mere click marks nothing
    if (event.type === "pointerup" && large) add([[Math.min(x0, x1), Math.min(y0, y1), Math.max(x0, x1), Math.max(y0, y1)]]);
    else draw();
  };
  canvas.addEventListener("pointerup", finish);
  canvas.addEventListener("pointercancel", finish);
  text.addEventListener("input", draw);

  const tools = stage.querySelector("[data-review-tools]");
  tools.hidden = false;
  const suggest = tools.querySelector("[data-review-suggest]");
  suggest.disabled = !suggestions.length;
  suggest.addEventListener("click", () => add(suggestions));
  tools.querySelector("[data-review-undo]").addEventListener("click", () => write(rectangles(text.value).slice(0, -1)));
  tools.querySelector("#frame")?.addEventListener("input", (event) => {
    tools.querySelector("[data-review-number]").textContent = event.target.value;
    image.src = image.src.replace(/\d+\.png$/, `${event.target.value}.png`);
  });
  draw();
}

const stage = document.querySelector("[data-review]");
if (stage) start(stage);
