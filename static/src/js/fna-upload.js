// Another file makes the preview on the page a lie: it goes, with its choices and its import button, before htmx
// sends the new file to be checked.
document.addEventListener(
  "change",
  ({ target }) => {
    if (target.matches("#fna-upload input[type=file]")) document.getElementById("preview").replaceChildren();
  },
  { capture: true },
);
