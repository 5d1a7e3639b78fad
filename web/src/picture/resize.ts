import { blank, type Pixels } from "./pixels.ts";

const LOBES = 3;
const ONE = 2 ** 22; // Pillow's weights of 8-bit pixels are multiples of 1 / ONE

function lanczos(x: number): number {
  if (x === 0) return 1;
  if (x < -LOBES || x >= LOBES) return 0;
  const angle = Math.PI * x;
  return ((Math.sin(angle) / angle) * Math.sin(angle / LOBES)) / (angle / LOBES);
}

interface Window {
  readonly first: number;
  readonly weights: readonly number[];
}

/** For each pixel of the result, which pixels it is made of, and how much of each. */
function windows(size: number, end: number, wanted: number): Window[] {
  const scale = end / wanted;
  const stretch = Math.max(scale, 1);
  const support = LOBES * stretch;
  return Array.from({ length: wanted }, (_, index) => {
    const middle = (index + 0.5) * scale;
    const first = Math.max(Math.trunc(middle - support + 0.5), 0);
    const last = Math.min(Math.trunc(middle + support + 0.5), size);
    const raw = Array.from({ length: last - first }, (_each, at) => lanczos((at + first - middle + 0.5) / stretch));
    const sum = raw.reduce((total, each) => total + each, 0);
    const weights = raw.map((each) => {
      const weight = (sum === 0 ? each : each / sum) * ONE;
      return Math.trunc(weight < 0 ? weight - 0.5 : weight + 0.5);
    });
    return { first, weights };
  });
}

/** Resize the rows; `end` is where the picture ends, which may be within its last pixel. */
function rows(pixels: Pixels, wanted: number, end: number): Pixels {
  const { width, height, channels, data } = pixels;
  if (wanted === width && end === width) return pixels;
  const made = blank(wanted, height, channels);
  const taken = windows(width, end, wanted);
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < wanted; column += 1) {
      const { first, weights } = taken[column];
      for (let channel = 0; channel < channels; channel += 1) {
        let sum = ONE / 2;
        for (let at = 0; at < weights.length; at += 1) {
          sum += data[(row * width + first + at) * channels + channel] * weights[at];
        }
        made.data[(row * wanted + column) * channels + channel] = Math.min(Math.max(Math.floor(sum / ONE), 0), 255);
      }
    }
  }
  return made;
}

function turned({ width, height, channels, data }: Pixels): Pixels {
  const made = blank(height, width, channels);
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      for (let channel = 0; channel < channels; channel += 1) {
        made.data[(column * height + row) * channels + channel] = data[(row * width + column) * channels + channel];
      }
    }
  }
  return made;
}

/** Average blocks of pixels; those at the right and lower end may be smaller. */
function reduced(pixels: Pixels, across: number, down: number): Pixels {
  const { width, height, channels, data } = pixels;
  const made = blank(Math.ceil(width / across), Math.ceil(height / down), channels);
  for (let row = 0; row < made.height; row += 1) {
    const bottom = Math.min((row + 1) * down, height);
    for (let column = 0; column < made.width; column += 1) {
      const right = Math.min((column + 1) * across, width);
      const count = (bottom - row * down) * (right - column * across);
      for (let channel = 0; channel < channels; channel += 1) {
        let sum = Math.floor(count / 2);
        for (let y = row * down; y < bottom; y += 1) {
          for (let x = column * across; x < right; x += 1) sum += data[(y * width + x) * channels + channel];
        }
        made.data[(row * made.width + column) * channels + channel] = Math.floor(
          (sum * Math.floor(2 ** 24 / count)) / 2 ** 24,
        );
      }
    }
  }
  return made;
}

/**
 * Resize with Lanczos' filter, to the last bit as Pillow 13 does it where both sides change alike.
 *
 * It rounds between rows and columns, so their order matters: older versions always begin with the rows, and
 * some pixels of tall pictures then differ by one grey value.
 *
 * @param gap Where one pixel of the result stands for at least twice as many per side, blocks are averaged
 *   before; Pillow calls this `reducing_gap`.
 */
export function resized(pixels: Pixels, width: number, height: number, gap: number): Pixels {
  const factor = (from: number, to: number) => Math.max(Math.trunc(from / to / gap), 1);
  const [across, down] = [factor(pixels.width, width), factor(pixels.height, height)];
  const small = across > 1 || down > 1 ? reduced(pixels, across, down) : pixels;
  const acrossRows = (given: Pixels) => rows(given, width, pixels.width / across);
  const downColumns = (given: Pixels) => turned(rows(turned(given), height, pixels.height / down));
  return small.height > 2 * small.width ? acrossRows(downColumns(small)) : downColumns(acrossRows(small));
}
