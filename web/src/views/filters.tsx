import { useMemo } from "preact/hooks";
import { kernelOf } from "../forward/network.ts";
import { useLanguage } from "../language.tsx";
import { Picture, type PictureData } from "../parts/picture.tsx";
import type { Network } from "../resources.ts";
import type { Rung } from "./connections.tsx";
import { evidencePicture } from "./evidence.tsx";

const SHOWN = 8;

/** What the units of a network's first layer look for; null where no such network is stored. */
function firstFilters(networks: readonly Network[], rung: Rung): { network: Network; pictures: PictureData[] } | null {
  const role = rung === "dense" ? "dense" : rung === "local" ? null : "cnn";
  const [network] = networks
    .filter((each) => each.description.role === role)
    .sort((first, second) => first.description.side - second.description.side);
  if (!network) return null;
  const { side, channels } = network.description;
  const kind = role === "dense" ? "dense" : "convolution";
  const layer = network.layers.find((each) => each.description.kind === kind);
  if (!layer) return null;
  // Of coloured pictures the first channel.
  const [size, inputs, units, weights] =
    kind === "dense"
      ? [side, channels, layer.arrays[1].length, layer.arrays[0]]
      : [kernelOf(layer).size, kernelOf(layer).inputs, kernelOf(layer).filters, kernelOf(layer).weights];
  const all = Array.from({ length: units }, (_, unit) =>
    Float32Array.from({ length: size * size }, (_each, pixel) => weights[pixel * inputs * units + unit]),
  );
  const strength = (values: Float32Array) => values.reduce((sum, value) => sum + value * value, 0);
  const strongest = all.sort((first, second) => strength(second) - strength(first)).slice(0, SHOWN);
  return { network, pictures: strongest.map((values) => evidencePicture(size, size, values)) };
}

/** The strongest weights of a first layer, as pictures. */
export function Filters({ networks, rung }: { networks: readonly Network[]; rung: Rung }) {
  const { t } = useLanguage();
  const found = useMemo(() => firstFilters(networks, rung), [networks, rung]);
  if (!found) return <p class="small">{t.untie.noFilters}</p>;
  const text = rung === "dense" ? t.untie.denseFilters : t.untie.sharedFilters;
  return (
    <div class="filters">
      <div class="maps" role="img" aria-label={text}>
        {found.pictures.map((picture, index) => (
          <Picture key={index} picture={picture} label="" />
        ))}
      </div>
      <p class="small">
        {text} {t.untie.filtersOf} <code>{found.network.description.run}</code>
      </p>
    </div>
  );
}
