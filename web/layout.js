/**
 * Where the worlds of a model stand in its drawing: in rows, from left to right, as many in a row as fit.
 */

export const CELL = { width: 132, height: 128 };
const MARGIN = 28;
const TOP = 58;

/**
 * @param {number} count of worlds
 * @param {number} available pixels
 * @returns {{width: number, height: number, places: {x: number, y: number}[]}} the drawing's size, and the middle of each world
 */
export function layout(count, available) {
  const most = Math.max(1, Math.floor((available - 2 * MARGIN) / CELL.width));
  const rows = Math.ceil(count / most);
  // Rows of nearly equal length look calmer than a full one over a single world.
  const columns = Math.ceil(count / rows);
  const width = Math.max(columns * CELL.width, 2 * CELL.width) + 2 * MARGIN;
  const places = Array.from({ length: count }, (_, index) => {
    const row = Math.floor(index / columns);
    const inRow = Math.min(columns, count - row * columns);
    const left = (width - inRow * CELL.width) / 2;
    return { x: left + ((index % columns) + 0.5) * CELL.width, y: TOP + row * CELL.height + CELL.height / 2 - 12 };
  });
  return { width, height: TOP + rows * CELL.height + MARGIN / 2, places };
}
