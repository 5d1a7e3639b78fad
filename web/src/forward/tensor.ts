/** Values of an image or a feature map, row by row, the channels of a pixel together. */
export interface Tensor {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly data: Float32Array;
}

export function tensor(height: number, width: number, channels: number, data?: Float32Array): Tensor {
  return { height, width, channels, data: data ?? new Float32Array(height * width * channels) };
}

/** The index of the largest value; of equal ones the first. */
export function largest(values: ArrayLike<number>): number {
  let best = 0;
  for (let index = 1; index < values.length; index += 1) {
    if (values[index] > values[best]) best = index;
  }
  return best;
}
