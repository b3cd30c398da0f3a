/**
 * Places in a text. The server counts bytes of UTF-8, the page counts UTF-16 units.
 */

/**
 * The index in `text` of a byte's offset.
 * @param {string} text
 * @param {number} offset
 * @returns {number}
 */
export function indexOfByte(text, offset) {
  let bytes = 0;
  let index = 0;
  for (const char of text) {
    if (bytes >= offset) break;
    const code = char.codePointAt(0);
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    index += char.length;
  }
  return index;
}

/**
 * The stretch to underline for what the server found at an offset: the token there; where the text ends, nothing.
 * @param {string} text
 * @param {number} offset in bytes
 * @returns {{from: number, to: number}}
 */
export function stretchAt(text, offset) {
  const from = indexOfByte(text, offset);
  const [token] = /^(?:[\p{L}_][\p{L}\p{N}_']*|\\[A-Za-z]+|[\s\S])/u.exec(text.slice(from)) ?? [""];
  return { from, to: from + token.length };
}
