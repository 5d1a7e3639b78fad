import { useLayoutEffect, useRef } from "preact/hooks";

export interface PictureData {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  /** From 0 to 1, the channels of a pixel together. */
  readonly data: ArrayLike<number>;
}

/** Draw a picture into a canvas, one canvas pixel for each of its pixels; CSS makes them larger. */
export function paint(canvas: HTMLCanvasElement, picture: PictureData): void {
  const { height, width, channels, data } = picture;
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = canvas.getContext("2d");
  if (!context) return;
  const pixels = context.createImageData(width, height);
  for (let pixel = 0; pixel < height * width; pixel += 1) {
    for (let colour = 0; colour < 3; colour += 1) {
      pixels.data[4 * pixel + colour] = 255 * data[pixel * channels + (channels === 3 ? colour : 0)];
    }
    pixels.data[4 * pixel + 3] = 255;
  }
  context.putImageData(pixels, 0, 0);
}

/** A picture; where a text beside it says the same, its label may be empty. */
export function Picture({ picture, label, name }: { picture: PictureData; label: string; name?: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    if (canvas.current) paint(canvas.current, picture);
  }, [picture]);
  const described = label ? { role: "img" as const, "aria-label": label } : { "aria-hidden": true };
  return <canvas class={`picture ${name ?? ""}`} ref={canvas} width={1} height={1} {...described} />;
}
