import { useMemo, useRef } from "preact/hooks";
import { type Tensor } from "../forward/tensor.ts";
import { Picture, type PictureData } from "../parts/picture.tsx";

const SHOWN = 8;

/** One channel of a feature map as a picture, its highest value white. */
export function channelPicture(map: Tensor, channel: number, highest: number): PictureData {
  const data = new Float32Array(map.height * map.width);
  for (let pixel = 0; pixel < data.length; pixel += 1) {
    data[pixel] = map.data[pixel * map.channels + channel] / (highest || 1);
  }
  return { height: map.height, width: map.width, channels: 1, data };
}

/** Each channel's highest value. */
function peaks(map: Tensor): Float32Array {
  const highest = new Float32Array(map.channels);
  map.data.forEach((value, index) => {
    const channel = index % map.channels;
    if (value > highest[channel]) highest[channel] = value;
  });
  return highest;
}

/** The channels that were the strongest at first, so that the same ones stay while a garment moves. */
export function Maps({ maps, label }: { maps: Tensor; label: string }) {
  const highest = peaks(maps);
  const chosen = useRef<{ channels: number; strongest: number[] } | null>(null);
  if (chosen.current?.channels !== maps.channels) {
    const order = [...highest.keys()].sort((first, second) => highest[second] - highest[first]);
    chosen.current = { channels: maps.channels, strongest: order.slice(0, SHOWN) };
  }
  return (
    <div class="maps" role="img" aria-label={label}>
      {chosen.current.strongest.map((channel) => (
        <Picture key={channel} picture={channelPicture(maps, channel, highest[channel])} label="" />
      ))}
    </div>
  );
}

/** The units of a dense layer as a grid of squares. */
export function Units({ units, label }: { units: Tensor; label: string }) {
  const picture = useMemo(() => {
    const width = 2 ** Math.ceil(Math.log2(Math.sqrt(2 * units.channels)));
    const height = Math.ceil(units.channels / width);
    const highest = Math.max(...units.data) || 1;
    const data = new Float32Array(height * width);
    units.data.forEach((value, index) => {
      data[index] = value / highest;
    });
    return { height, width, channels: 1 as const, data };
  }, [units]);
  return <Picture picture={picture} label={label} name="units" />;
}
