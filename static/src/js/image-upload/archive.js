/** What a zip archive lists, read from its end in the browser: the names of its members and nothing else. */

const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const ENTRY = 0x02014b50;
const END_BYTES = 22;
const LONGEST_COMMENT = 0xffff;
const IN_ZIP64 = 0xffffffff;
const MOST_BYTES = 64 * 1024 ** 2; // of the list: half a million files and more

/** The members' names, folders left out; none where the file is no zip that can be read. */
export async function namesIn(file) {
  try {
    const { offset, size } = await listOf(file);
    return size <= MOST_BYTES ? names(await bytes(file, offset, offset + size)) : [];
  } catch {
    return []; // the server says what is wrong with it
  }
}

async function listOf(file) {
  const start = Math.max(0, file.size - END_BYTES - LONGEST_COMMENT);
  const tail = await bytes(file, start, file.size);
  let end = tail.byteLength - END_BYTES;
  while (tail.getUint32(end, true) !== END) end -= 1;
  const size = tail.getUint32(end + 12, true);
  const offset = tail.getUint32(end + 16, true);
  if (size !== IN_ZIP64 && offset !== IN_ZIP64) return { offset, size };
  const locator = await bytes(file, start + end - 20, start + end);
  const at = Number(locator.getBigUint64(8, true));
  const end64 = await bytes(file, at, at + 56);
  if (locator.getUint32(0, true) !== LOCATOR_64 || end64.getUint32(0, true) !== END_64) throw new Error("no zip64");
  return { size: Number(end64.getBigUint64(40, true)), offset: Number(end64.getBigUint64(48, true)) };
}

function names(list) {
  const found = [];
  const text = new TextDecoder();
  for (let at = 0; at + 46 <= list.byteLength && list.getUint32(at, true) === ENTRY; ) {
    const [name, extra, comment] = [28, 30, 32].map((place) => list.getUint16(at + place, true));
    found.push(text.decode(new Uint8Array(list.buffer, at + 46, name)));
    at += 46 + name + extra + comment;
  }
  return found.filter((each) => !each.endsWith("/"));
}

const bytes = async (file, from, to) => new DataView(await file.slice(from, to).arrayBuffer());
