import type { PictureData } from "../../parts/picture.tsx";

/**
 * A picture of which a square is black, as the package's occlusion maps cover it.
 *
 * The square may lie partly outside.
 *
 * @param row of the square's middle; of an even square, the pixel below and right of it.
 */
export function covered(picture: PictureData, row: number, column: number, size: number): PictureData {
  const { height, width, channels, data } = picture;
  const [top, left] = [row - (size >> 1), column - (size >> 1)];
  const changed = Float32Array.from(data);
  for (let y = Math.max(top, 0); y < Math.min(top + size, height); y += 1) {
    const [from, to] = [Math.max(left, 0), Math.min(left + size, width)];
    if (to > from) changed.fill(0, (y * width + from) * channels, (y * width + to) * channels);
  }
  return { height, width, channels, data: changed };
}

/** Whether the square covers anything but black. */
export function hides(picture: PictureData, row: number, column: number, size: number): boolean {
  const { height, width, channels, data } = picture;
  const [top, left] = [row - (size >> 1), column - (size >> 1)];
  for (let y = Math.max(top, 0); y < Math.min(top + size, height); y += 1) {
    for (let x = Math.max(left, 0); x < Math.min(left + size, width); x += 1) {
      for (let channel = 0; channel < channels; channel += 1) {
        if (data[(y * width + x) * channels + channel] !== 0) return true;
      }
    }
  }
  return false;
}
