/** Pixels from 0 to 255, row by row, the channels of a pixel together. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
}

export function blank(width: number, height: number, channels: 1 | 3, value = 0): Pixels {
  return { width, height, channels, data: new Uint8Array(width * height * channels).fill(value) };
}

/** Cut out a rectangle, which lies inside. */
export function cropped(pixels: Pixels, left: number, top: number, width: number, height: number): Pixels {
  const { channels, data } = pixels;
  const cut = blank(width, height, channels);
  for (let row = 0; row < height; row += 1) {
    const from = ((row + top) * pixels.width + left) * channels;
    cut.data.set(data.subarray(from, from + width * channels), row * width * channels);
  }
  return cut;
}

/** Every so many pixels, so that no side is longer; for looking at, not for networks. */
export function thumbnail(pixels: Pixels, longest: number): Pixels {
  const { width, height, channels, data } = pixels;
  const step = Math.ceil(Math.max(width, height) / longest);
  if (step === 1) return pixels;
  const small = blank(Math.ceil(width / step), Math.ceil(height / step), channels);
  for (let at = 0; at < small.data.length; at += 1) {
    const [pixel, channel] = [Math.floor(at / channels), at % channels];
    const [row, column] = [Math.floor(pixel / small.width) * step, (pixel % small.width) * step];
    small.data[at] = data[(row * width + column) * channels + channel];
  }
  return small;
}

/** Grey values by ITU-R 601, rounded as Pillow rounds them. */
export function grey(pixels: Pixels): Pixels {
  const { width, height, channels, data } = pixels;
  if (channels === 1) return pixels;
  const made = blank(width, height, 1);
  for (let pixel = 0; pixel < made.data.length; pixel += 1) {
    const [red, green, blue] = [data[3 * pixel], data[3 * pixel + 1], data[3 * pixel + 2]];
    made.data[pixel] = (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
  }
  return made;
}

/** Whether all pixels of a coloured picture are grey. */
export function isGrey({ channels, data }: Pixels): boolean {
  if (channels === 1) return true;
  for (let at = 0; at < data.length; at += 3) {
    if (data[at] !== data[at + 1] || data[at] !== data[at + 2]) return false;
  }
  return true;
}
