import { type Tensor, tensor } from "../forward/tensor.ts";
import type { PictureData } from "../parts/picture.tsx";

/**
 * Put a picture onto a black canvas, moved from its middle.
 *
 * What leaves the canvas is lost, as where the canvas is no larger than the picture.
 *
 * @param right pixels to the right; negative is to the left.
 * @param down pixels downwards; negative is upwards.
 */
export function moved(picture: PictureData, side: number, right: number, down: number): Tensor {
  const { height, width, channels, data } = picture;
  const canvas = tensor(side, side, channels);
  const [top, left] = [Math.floor((side - height) / 2) + down, Math.floor((side - width) / 2) + right];
  for (let row = Math.max(0, -top); row < Math.min(height, side - top); row += 1) {
    for (let column = Math.max(0, -left); column < Math.min(width, side - left); column += 1) {
      for (let channel = 0; channel < channels; channel += 1) {
        canvas.data[((row + top) * side + column + left) * channels + channel] =
          data[(row * width + column) * channels + channel];
      }
    }
  }
  return canvas;
}
