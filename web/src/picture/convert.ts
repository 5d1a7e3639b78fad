import { blank, cropped, grey, isGrey, type Pixels } from "./pixels.ts";
import { resized } from "./resize.ts";

/** The images that networks take, and how pictures become such. */
export interface Form {
  readonly side: number;
  readonly channels: number;
  readonly conversion: "light-on-black" | "centred-square";
}

type StepKind = "given" | "smaller" | "grey" | "negated" | "dark" | "cropped" | "square" | "resized" | "padded";

export interface Step {
  readonly kind: StepKind;
  /** What its sentence says. */
  readonly numbers: readonly number[];
  readonly pixels: Pixels;
}

export type Remark = "empty" | "light";

export interface Converted {
  readonly pixels: Pixels;
  readonly steps: readonly Step[];
  readonly remarks: readonly Remark[];
}

// As in the package's `data/conversion.py`, which says why; a test compares both.
const LIGHT_ABOVE = 127;
const TRIM_WITHIN = 13;
const DARK_UP_TO = 32;
const GAP = 64;
const LEFT_FOR_ONE = 3;

/**
 * Convert a picture of any size, as `convbias explain` does.
 *
 * @param picture upright, transparent parts laid on white.
 */
export function convert(picture: Pixels, form: Form): Converted {
  const steps: Step[] = [];
  const add = (kind: StepKind, pixels: Pixels, ...numbers: number[]) => {
    steps.push({ kind, numbers, pixels });
    return pixels;
  };
  add("given", picture, picture.width, picture.height);
  if (form.conversion === "centred-square") {
    return { pixels: centredSquare(picture, form, add), steps, remarks: [] };
  }
  let pixels = isGrey(picture) ? grey(picture) : add("grey", grey(picture));
  let background = medianOfFrame(pixels);
  if (background > LIGHT_ABOVE) {
    pixels = add("negated", { ...pixels, data: pixels.data.map((value) => 255 - value) }, background);
    background = 255 - background;
  } else {
    add("dark", pixels, background);
  }
  if (pixels.width !== form.side || pixels.height !== form.side) pixels = fitted(pixels, form.side, background, add);
  const remarks: Remark[] = [];
  if (spread(pixels.data) <= TRIM_WITHIN) remarks.push("empty");
  if (background > DARK_UP_TO) remarks.push("light");
  return { pixels, steps, remarks };
}

type Add = (kind: StepKind, pixels: Pixels, ...numbers: number[]) => Pixels;

function centredSquare(picture: Pixels, { side, channels }: Form, add: Add): Pixels {
  const coloured = channels === 3 || isGrey(picture);
  let pixels = channels === 3 ? picture : grey(picture);
  if (!coloured) add("grey", pixels);
  const shorter = Math.min(pixels.width, pixels.height);
  if (pixels.width !== pixels.height) {
    const [left, top] = [Math.floor((pixels.width - shorter) / 2), Math.floor((pixels.height - shorter) / 2)];
    pixels = add("square", cropped(pixels, left, top, shorter, shorter), shorter);
  }
  return shorter === side ? pixels : add("resized", resized(pixels, side, side, LEFT_FOR_ONE), side, side);
}

/** Trim to what is shown, resize the longer side, and extend to a square. */
function fitted(picture: Pixels, side: number, background: number, add: Add): Pixels {
  let pixels = trimmed(picture, background, add);
  const longer = Math.max(pixels.width, pixels.height);
  const [width, height] = [pixels.width, pixels.height].map((each) => Math.max(1, toEven((side * each) / longer)));
  if (pixels.width !== width || pixels.height !== height) {
    pixels = add("resized", resized(pixels, width, height, GAP), width, height);
  }
  if (width === side && height === side) return pixels;
  const square = blank(side, side, 1, background);
  const [left, top] = [Math.floor((side - width) / 2), Math.floor((side - height) / 2)];
  for (let row = 0; row < height; row += 1) {
    square.data.set(pixels.data.subarray(row * width, (row + 1) * width), (row + top) * side + left);
  }
  return add("padded", square, side, background);
}

function trimmed(pixels: Pixels, background: number, add: Add): Pixels {
  const { width, height, data } = pixels;
  let [left, right, top, bottom] = [width, -1, height, -1];
  data.forEach((value, at) => {
    if (Math.abs(value - background) <= TRIM_WITHIN) return;
    const [row, column] = [Math.floor(at / width), at % width];
    [left, right] = [Math.min(left, column), Math.max(right, column)];
    [top, bottom] = [Math.min(top, row), Math.max(bottom, row)];
  });
  const [across, down] = [right - left + 1, bottom - top + 1];
  if (right < 0 || (across === width && down === height)) return pixels;
  return add("cropped", cropped(pixels, left, top, across, down), across, down);
}

/** The median of the outermost pixels, rounded down; corners count twice. */
function medianOfFrame({ width, height, data }: Pixels): number {
  const frame = [
    ...data.subarray(0, width),
    ...data.subarray((height - 1) * width),
    ...Array.from({ length: height }, (_, row) => data[row * width]),
    ...Array.from({ length: height }, (_, row) => data[(row + 1) * width - 1]),
  ].sort((first, second) => first - second);
  return Math.floor((frame[(frame.length - 1) >> 1] + frame[frame.length >> 1]) / 2);
}

function spread(values: Uint8Array): number {
  let [low, high] = [255, 0];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return high - low;
}

/** Round to a whole number, halves to the even one. */
function toEven(value: number): number {
  return value % 1 === 0.5 ? 2 * Math.round(value / 2) : Math.round(value);
}
