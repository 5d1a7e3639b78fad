import { readHeader } from "./header.ts";
import { blank, type Pixels } from "./pixels.ts";

const MOST_BYTES = 50_000_000;
const MOST_PIXELS = 50_000_000;
const LONGEST_SIDE = 2_048; // larger pictures are decoded to this

export type Trouble = "kind" | "bytes" | "pixels" | "damaged";

/** Why a picture cannot be used. */
export class PictureError extends Error {
  readonly trouble: Trouble;

  constructor(trouble: Trouble) {
    super(trouble);
    this.trouble = trouble;
  }
}

export interface Decoded {
  readonly pixels: Pixels;
  /** Pixels of the file, where it was made smaller while it was decoded. */
  readonly original: readonly [number, number] | null;
}

/**
 * Decode a picture file, upright and with transparent parts laid on white.
 *
 * @throws PictureError if it is no picture, damaged or too large.
 */
export async function decode(file: Blob): Promise<Decoded> {
  if (file.size > MOST_BYTES) throw new PictureError("bytes");
  const header = readHeader(new Uint8Array(await file.arrayBuffer()));
  if (!header) throw new PictureError("kind");
  const { width, height, complete } = header;
  if (width * height > MOST_PIXELS) throw new PictureError("pixels");
  if (width * height === 0 || !complete) throw new PictureError("damaged");
  const longer = Math.max(width, height);
  // The shorter side, whatever way up the camera was held.
  const shorter = Math.max(1, Math.round((Math.min(width, height) * LONGEST_SIDE) / longer));
  const smaller: ImageBitmapOptions =
    longer <= LONGEST_SIDE
      ? {}
      : { resizeQuality: "high", [width < height ? "resizeWidth" : "resizeHeight"]: shorter };
  const bitmap = await createImageBitmap(file, { colorSpaceConversion: "none", ...smaller }).catch(() => {
    throw new PictureError("damaged");
  });
  try {
    return { pixels: drawn(bitmap, bitmap.width, bitmap.height), original: longer > LONGEST_SIDE ? [width, height] : null };
  } finally {
    bitmap.close();
  }
}

/** The colours of what can be drawn, on white. */
export function drawn(source: CanvasImageSource, width: number, height: number): Pixels {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new PictureError("pixels");
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.drawImage(source, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  const pixels = blank(width, height, 3);
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    for (let colour = 0; colour < 3; colour += 1) pixels.data[3 * pixel + colour] = data[4 * pixel + colour];
  }
  return pixels;
}
