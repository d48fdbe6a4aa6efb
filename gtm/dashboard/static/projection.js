// Equal Earth (B. Savric, T. Patterson, B. Jenny, 2018): areas are as large as they are.
// scripts/data/world_map.py projects the countries with the same numbers.

const A1 = 1.340264;
const A2 = -0.081106;
const A3 = 0.000893;
const A4 = 0.003796;
const MIDDLE = 11; // degrees east
const NORTH = 83.7; // degrees: the top of the map
export const WIDTH = 2000; // units
const ROOT = Math.sqrt(3);
const HALF = (2 * ROOT * Math.PI) / (3 * A1);
const SCALE = WIDTH / (2 * HALF);
const TOP = sphere(NORTH, MIDDLE)[1];

/** [x, y] in units of the map, from the left and from the top. */
export function project(latitude, longitude) {
  const [x, y] = sphere(latitude, longitude);
  return [(x + HALF) * SCALE, (TOP - y) * SCALE];
}

function sphere(latitude, longitude) {
  const turned = ((((longitude - MIDDLE + 180) % 360) + 360) % 360) - 180;
  const theta = Math.asin((ROOT / 2) * Math.sin((latitude * Math.PI) / 180));
  const square = theta * theta;
  const sixth = square * square * square;
  const slope = 9 * A4 * sixth * square + 7 * A3 * sixth + 3 * A2 * square + A1;
  const x = (2 * ROOT * turned * Math.PI * Math.cos(theta)) / 180 / (3 * slope);
  return [x, theta * (A4 * sixth * square + A3 * sixth + A2 * square + A1)];
}
