import { type Tensor, tensor } from "./tensor.ts";

/** Scale and move every value, as Keras' `Rescaling` does. */
export function rescale(input: Tensor, scale: number, offset: number): Tensor {
  return { ...input, data: input.data.map((value) => value * scale + offset) };
}

/** Continue the image beyond each side with its opposite side. */
export function padCircular(input: Tensor, pixels: number): Tensor {
  const { height, width, channels, data } = input;
  const padded = tensor(height + 2 * pixels, width + 2 * pixels, channels);
  for (let row = 0; row < padded.height; row += 1) {
    const from = (row - pixels + height) % height;
    for (let column = 0; column < padded.width; column += 1) {
      const start = (from * width + ((column - pixels + width) % width)) * channels;
      padded.data.set(data.subarray(start, start + channels), (row * padded.width + column) * channels);
    }
  }
  return padded;
}

export interface Kernel {
  /** Pixels per side. */
  readonly size: number;
  readonly inputs: number;
  readonly filters: number;
  /** Rows, columns, inputs, filters; one after the other. */
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

/**
 * Convolve with stride 1, as Keras' `Conv2D` does.
 *
 * With same padding an even kernel has its odd pixel of padding at the end.
 */
export function convolve(
  input: Tensor,
  kernel: Kernel,
  padding: "same" | "valid",
  dilation: number,
  relu: boolean,
): Tensor {
  const { size, inputs, filters } = kernel;
  const { height, width, data } = input;
  const span = dilation * (size - 1) + 1;
  const before = padding === "same" ? Math.floor((span - 1) / 2) : 0;
  const lost = padding === "same" ? 0 : span - 1;
  const output = tensor(height - lost, width - lost, filters);
  const sums = new Float64Array(filters);
  // The values of a window that are not zero, after ReLU the fewer part, and where their weights begin.
  let values = new Float64Array(size * size * inputs + 3);
  let starts = new Int32Array(values.length);
  // Those of the window before: where it is the same, as on a plain ground, so is the result.
  let lastValues = new Float64Array(values.length);
  let lastStarts = new Int32Array(values.length);
  let lastFound = -1;
  for (let row = 0; row < output.height; row += 1) {
    for (let column = 0; column < output.width; column += 1) {
      let found = 0;
      for (let down = 0; down < size; down += 1) {
        const y = row + down * dilation - before;
        if (y < 0 || y >= height) continue;
        for (let right = 0; right < size; right += 1) {
          const x = column + right * dilation - before;
          if (x < 0 || x >= width) continue;
          const from = (y * width + x) * inputs;
          const at = (down * size + right) * inputs;
          for (let channel = 0; channel < inputs; channel += 1) {
            const value = data[from + channel];
            if (value === 0) continue;
            values[found] = value;
            starts[found] = (at + channel) * filters;
            found += 1;
          }
        }
      }
      let same = found === lastFound;
      for (let each = 0; same && each < found; each += 1) {
        same = values[each] === lastValues[each] && starts[each] === lastStarts[each];
      }
      if (!same) {
        addUp(sums, kernel, values, starts, found);
        if (relu) clip(sums);
        [values, lastValues, starts, lastStarts, lastFound] = [lastValues, values, lastStarts, starts, found];
      }
      output.data.set(sums, (row * output.width + column) * filters);
    }
  }
  return output;
}

/** Set the sums to the bias plus the weights from each start on, times its value. */
function addUp(
  sums: Float64Array,
  { filters, weights, bias }: Kernel,
  values: Float64Array,
  starts: Int32Array,
  found: number,
): void {
  sums.set(bias);
  values.fill(0, found, found + 3); // to a multiple of four, which halves the time
  for (let each = 0; each < found; each += 4) {
    const [a, b, c, d] = [values[each], values[each + 1], values[each + 2], values[each + 3]];
    const [p, q, r, s] = [starts[each], starts[each + 1], starts[each + 2], starts[each + 3]];
    for (let filter = 0; filter < filters; filter += 1) {
      sums[filter] +=
        a * weights[p + filter] +
        b * weights[q + filter] +
        c * weights[r + filter] +
        d * weights[s + filter];
    }
  }
}

function clip(sums: Float64Array): void {
  for (let index = 0; index < sums.length; index += 1) if (sums[index] < 0) sums[index] = 0;
}

/** The highest value, or the average, of blocks of `size` by `size` pixels; what is left over is dropped. */
export function pool(input: Tensor, size: number, highest: boolean): Tensor {
  const { width, channels, data } = input;
  const output = tensor(Math.floor(input.height / size), Math.floor(width / size), channels);
  for (let row = 0; row < output.height; row += 1) {
    for (let column = 0; column < output.width; column += 1) {
      const to = (row * output.width + column) * channels;
      for (let channel = 0; channel < channels; channel += 1) {
        let found = highest ? -Infinity : 0;
        for (let down = 0; down < size; down += 1) {
          for (let right = 0; right < size; right += 1) {
            const value = data[((row * size + down) * width + column * size + right) * channels + channel];
            found = highest ? Math.max(found, value) : found + value / (size * size);
          }
        }
        output.data[to + channel] = found;
      }
    }
  }
  return output;
}

/**
 * Maximum of each pixel and its neighbours, then every second pixel, at the offset of the largest norm.
 *
 * Adaptive polyphase sampling of Chaman and Dokmanic 2021 (arXiv 2011.14214); height and width are even.
 */
export function polyphase(input: Tensor, circular: boolean): Tensor {
  const { height, width, channels, data } = input;
  const highest = tensor(height, width, channels);
  const norms = [0, 0, 0, 0];
  for (let row = 0; row < height; row += 1) {
    const below = row + 1 < height ? row + 1 : circular ? 0 : row;
    for (let column = 0; column < width; column += 1) {
      const right = column + 1 < width ? column + 1 : circular ? 0 : column;
      const phase = (row % 2) * 2 + (column % 2);
      for (let channel = 0; channel < channels; channel += 1) {
        const value = Math.max(
          data[(row * width + column) * channels + channel],
          data[(row * width + right) * channels + channel],
          data[(below * width + column) * channels + channel],
          data[(below * width + right) * channels + channel],
        );
        highest.data[(row * width + column) * channels + channel] = value;
        norms[phase] += value * value;
      }
    }
  }
  const phase = norms.indexOf(Math.max(...norms));
  const output = tensor(height / 2, width / 2, channels);
  for (let row = 0; row < output.height; row += 1) {
    for (let column = 0; column < output.width; column += 1) {
      const from = ((2 * row + (phase >> 1)) * width + 2 * column + (phase & 1)) * channels;
      output.data.set(
        highest.data.subarray(from, from + channels),
        (row * output.width + column) * channels,
      );
    }
  }
  return output;
}

/** The average of every channel over all pixels. */
export function globalAverage(input: Tensor): Tensor {
  const { height, width, channels, data } = input;
  const output = tensor(1, 1, channels);
  for (let index = 0; index < data.length; index += 1) {
    output.data[index % channels] += data[index] / (height * width);
  }
  return output;
}

/** Sums of all values, each times its weight (inputs, units). */
export function dense(
  values: Float32Array,
  weights: Float32Array,
  bias: Float32Array,
  relu: boolean,
): Float32Array {
  const units = bias.length;
  const sums = bias.slice();
  for (let input = 0; input < values.length; input += 1) {
    const value = values[input];
    if (value === 0) continue;
    const at = input * units;
    for (let unit = 0; unit < units; unit += 1) sums[unit] += value * weights[at + unit];
  }
  return relu ? sums.map((sum) => Math.max(sum, 0)) : sums;
}

/** Logits to probabilities that add up to 1. */
export function softmax(logits: Float32Array): Float32Array {
  const highest = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - highest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
