/** Files from a drop, a picker or the clipboard, each with its path: `{file, path, fromFolder}`. */

/** From a drop: folders are gone through, however deep; `found(count)` is told how many there are so far. */
export async function fromDrop(transfer, found) {
  // Entries must be asked for before the first await: the drop's data are gone afterwards.
  const dropped = [...transfer.items]
    .filter((item) => item.kind === "file")
    .map((item) => ({ entry: item.webkitGetAsEntry?.(), file: item.getAsFile() }));
  const collected = [];
  for (const { entry, file } of dropped) {
    if (entry?.isDirectory) await walk(entry, collected, found);
    else if (file) collected.push({ file, path: file.name, fromFolder: false });
    found(collected.length);
  }
  return collected;
}

/** From a file or folder picker. */
export function fromInput(input) {
  return [...input.files].map((file) => ({
    file,
    path: file.webkitRelativePath || file.name,
    fromFolder: Boolean(file.webkitRelativePath),
  }));
}

/** From the clipboard; empty when it holds no files. */
export function fromClipboard(transfer) {
  return [...(transfer?.files ?? [])].map((file) => ({ file, path: file.name, fromFolder: false }));
}

async function walk(folder, collected, found) {
  const reader = folder.createReader();
  for (;;) {
    // A reader gives a hundred entries at a time, and none when it is through.
    const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!entries.length) return;
    for (const entry of entries) {
      if (entry.isDirectory) await walk(entry, collected, found);
      else {
        const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
        collected.push({ file, path: entry.fullPath.replace(/^\//, ""), fromFolder: true });
      }
    }
    found(collected.length);
  }
}
